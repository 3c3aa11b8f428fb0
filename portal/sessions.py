"""What a browser holds of a session, and the token that each form carries.

The catalogue has the digest alone. A form's token is made from the same secret, so that it ends with the session.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from portal.house import House
from schemas.people import Account
from storage.catalogue import sessions

SESSION: Final = "sohoa"
AWAY: Final = "sohoa-away"  # while the person is at the provider
BEFORE: Final = "sohoa-before"  # before anyone signed in, so that the sign-in form has its token too
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A fresh secret of 256 bits."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What the catalogue knows a session by."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def form_token(token: str) -> str:
    """The token of forms in this session."""
    return hmac.new(token.encode("ascii"), b"form", hashlib.sha256).hexdigest()


def is_form_token(token: str | None, given: str) -> bool:
    """True if a form was made in this session."""
    return token is not None and hmac.compare_digest(form_token(token).encode(), given.encode())


def cookie(request: Request, house: House, name: str) -> str | None:
    """A cookie of ours; None if it is absent or was never made by us."""
    found = request.cookies.get(_name(house, name), "")
    return found if _TOKEN.fullmatch(found) else None


def set_cookie(response: Response, house: House, name: str, token: str) -> None:
    """Hand a secret to the browser, for this session of the browser alone."""
    # Who comes back from the provider comes from another site, and must still be known as who left.
    same: Literal["lax", "strict"] = "lax" if name == AWAY else "strict"
    response.set_cookie(
        _name(house, name), token, path="/", secure=house.secure, httponly=True, samesite=same
    )


def drop_cookie(response: Response, house: House, name: str) -> None:
    """Have the browser forget it."""
    response.delete_cookie(
        _name(house, name), path="/", secure=house.secure, httponly=True, samesite="strict"
    )


def person_of(house: House, token: str | None, *, touch: bool) -> Account | None:
    """Who is signed in."""
    if token is None:
        return None
    return sessions.person_of(house.database, digest_of(token), int(time.time()), house.lasting, touch=touch)


def by_provider(house: House, token: str | None) -> bool:
    """True if the person of a session came in by the province's own sign-in."""
    return token is not None and sessions.way_of(house.database, digest_of(token)) == sessions.BY_PROVIDER


def _name(house: House, name: str) -> str:
    # The prefix has browsers refuse the cookie from another host name or over plain HTTP.
    return f"__Host-{name}" if house.secure else name
