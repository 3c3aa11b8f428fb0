"""One tree of errors, each with a stable English code, an exit code and a remedy.

::

    SohoaError                  exit 1
    ├── UsageError              exit 2   the command was typed wrongly, or names something that does not exist
    ├── SetupError              exit 5   the machine lacks something; `sohoa doctor` says what
    ├── ConfigurationError      exit 1   a rule file or setting cannot be used
    ├── BatchHeld               exit 1   another run holds the batch
    ├── BatchNameTaken          exit 1   the batch name is bound to another folder
    ├── BatchStopped            exit 4   most of the batch was set aside
    ├── StoreError              exit 1   the object store refused, lost or changed bytes
    ├── CatalogueError          exit 1   the catalogue cannot be opened or is of another version
    │   ├── CatalogueOlder      exit 1   the store holds events that the catalogue does not know
    │   └── ClaimLost           exit 1   another machine took over what this process held; it must write no more
    ├── DeliveryError           exit 1   an alert could not be handed to a mail server or webhook; it is kept
    ├── CodeError               exit 1   a code cannot be issued (running number beyond 99, code void …)
    └── SourceError                      one file or page cannot be used; becomes a finding, never stops a batch
        ├── PageTimedOut                 the work on one page ran past its limit
        ├── WorkerDied                   the process that did the work crashed, was killed or ran out of memory
        └── WorkFailed                   the work raised an unexpected error

Messages are rendered for people in Vietnamese or English from the message table in `schemas/messages/`, keyed by
`code`; the text passed here is the English one, for logs.
"""

from __future__ import annotations

from typing import Any


class SohoaError(Exception):
    """Base class of all errors of this project. `code` is stable and meant for machines."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str = "", *, remedy: str | None = None, **params: Any) -> None:
        super().__init__(message or self.code)
        self.remedy = remedy
        self.params: dict[str, Any] = params


class UsageError(SohoaError):
    """The command was typed wrongly, or names something that does not exist."""

    code = "usage"
    exit_code = 2


class SetupError(SohoaError):
    """The machine lacks a program, a language file or a right."""

    code = "setup"
    exit_code = 5


class ConfigurationError(SohoaError):
    """A rule file or a setting cannot be used."""

    code = "configuration"


class BatchHeld(SohoaError):
    """Another run holds this batch."""

    code = "batch_held"


class BatchNameTaken(SohoaError):
    """The batch name is already bound to another folder."""

    code = "batch_name_taken"


class BatchStopped(SohoaError):
    """More than the allowed share of the batch was set aside."""

    code = "batch_stopped"
    exit_code = 4


class StoreError(SohoaError):
    """The object store refused, lost or changed bytes."""

    code = "store"


class CatalogueError(SohoaError):
    """The catalogue cannot be opened, or is of another version."""

    code = "catalogue"


class CatalogueOlder(CatalogueError):
    """The catalogue is older than its store: work under it would issue codes and versions a second time."""

    code = "catalogue_older"

    def __init__(self, chain: str, known: int, stored: int) -> None:
        super().__init__(
            f"the catalogue is older than its store: chain {chain} ends at {known}, the store holds {stored}",
            remedy="catalogue_older",
            chain=chain,
            known=known,
            stored=stored,
        )


class ClaimLost(CatalogueError):
    """Another machine took over the batch or chunk that this process held; nothing more of it is written here."""

    code = "claim_lost"


class CodeError(SohoaError):
    """A code cannot be issued."""

    code = "code"


class DeliveryError(SohoaError):
    """An alert could not be handed over; it is kept and sent next time."""

    code = "delivery"


class SourceError(SohoaError):
    """One file or page cannot be used. `rule` names the finding it becomes; `page` is 1-based or None."""

    code = "source"

    def __init__(self, rule: str, message: str = "", *, page: int | None = None, **params: Any) -> None:
        super().__init__(message or rule, **params)
        self.rule = rule
        self.page = page

    def __reduce__(self) -> tuple[object, ...]:
        """Keep `rule`, `page` and `params` when pickled."""
        return (_source_error, (type(self), self.rule, str(self), self.page, self.params))


def _source_error(
    cls: type[SourceError], rule: str, message: str, page: int | None, params: dict[str, Any]
) -> SourceError:
    return cls(rule, message, page=page, **params)


class PageTimedOut(SourceError):
    """The work on one page ran past its time limit and was killed."""


class WorkerDied(SourceError):
    """The process that did the work crashed, was killed, or ran out of memory."""


class WorkFailed(SourceError):
    """The work raised an unexpected error; `params` hold `detail` and `trace`, its traceback."""
