"""What a failure of the database means: lost on the way, read-only, full, refused, not reached. Each has its remedy."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError

_BY_STATE: Final = {
    "25006": "catalogue_read_only",  # read_only_sql_transaction: a standby, or set so
    "53100": "store_full",  # disk_full
    "42501": "catalogue_refused",  # insufficient_privilege
}
_BY_WORDS: Final = {
    "disk is full": "store_full",
    "No space left on device": "store_full",
    "readonly database": "catalogue_read_only",
    "server closed the connection unexpectedly": "catalogue_lost",
}
# Of PostgreSQL's own client, whose failed connections bear no state. Said in another language they are waited for.
_REFUSED: Final = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "permission denied for database",
    '" does not exist',
    "is not permitted to log in",
)


def remedy_of(error: Exception) -> str:
    """The remedy of a failure of the database."""
    cause = getattr(error, "orig", None) or error
    said = str(cause)
    # PostgreSQL's own client begins so, whatever the server then said: no such database, no entry, no password.
    if said.startswith("connection failed"):
        return "catalogue_unreachable"
    by_state = _BY_STATE.get(getattr(cause, "sqlstate", None) or "")
    if by_state is not None:
        return by_state
    for words, remedy in _BY_WORDS.items():
        if words in said:
            return remedy
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "catalogue_lost"
    return "catalogue_unusable"


def refuses(error: Exception) -> bool:
    """Whether a server that was reached lets nobody in: waiting does not help, a person does."""
    said = str(getattr(error, "orig", None) or error)
    return any(words in said for words in _REFUSED)
