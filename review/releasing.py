"""Releases papers that bear, or seem to bear, a mark of secrecy; requires a named person and a reason.

A declassified paper needs the number of the decision; one held for an unreadable stamp needs a visual check.
The next run reads it; until then nothing of it is kept but its name, SHA-256, finding and this event.
"""

from __future__ import annotations

from typing import NamedTuple

from extractors.numbers import close_up
from schemas.errors import UsageError
from schemas.events import Event, EventType
from schemas.text import squeeze
from schemas.version import TOOL
from storage.catalogue import releases
from storage.catalogue.provenance import new_event
from workspace.opening import Workspace

_MAX_NUMBER_LENGTH = 100


class Released(NamedTuple):
    """A released paper. `batches` must be digitised again."""

    sha256: str
    files: tuple[str, ...]
    batches: tuple[str, ...]


def declassify(workspace: Workspace, digest: str, decision: str, operator: str | None) -> Released:
    """Release a marked paper on the basis of a declassification decision.

    Raises:
        UsageError: no such refused paper, no person named, or no number of a decision.
    """
    number = close_up(squeeze(decision))
    if (
        not any(char.isdigit() for char in number)
        or len(number) > _MAX_NUMBER_LENGTH
        or not number.isprintable()
    ):
        raise UsageError(f"no decision {decision}", remedy="release_decision", value=decision)
    rules = ("secret_document", "secret_mark_possible")
    return _release(workspace, digest, rules, "declassified", operator, number)


def not_secret(workspace: Workspace, digest: str, operator: str | None) -> Released:
    """Release a paper with an unreadable stamp after a person found that it is not secret.

    Raises:
        UsageError: no such paper is held, no person is named, or its mark was read (it takes a decision).
    """
    return _release(workspace, digest, ("secret_mark_possible",), "not secret", operator, None)


def _release(
    workspace: Workspace,
    digest: str,
    rules: tuple[str, ...],
    outcome: str,
    operator: str | None,
    decision: str | None,
) -> Released:
    who = squeeze(operator or "")
    if not who:
        raise UsageError("no operator", remedy="release_operator")
    found = [
        file
        for file in (releases.refused(workspace.database, digest) if len(digest) >= 8 else ())
        if any(note.rule in {"secret_document", "secret_mark_possible"} for note in file.findings)
    ]
    originals = {file.sha256 for file in found}
    if len(originals) != 1:
        raise UsageError(f"{len(originals)} refused papers {digest}", remedy="release_absent", value=digest)
    if not any(note.rule in rules for file in found for note in file.findings):
        raise UsageError(f"{digest} bears a mark", remedy="release_needs_decision", value=digest)

    def event(batch: str) -> Event:
        detail = {"decision": decision} if decision else {}
        return new_event(
            EventType.RELEASED, found[0].sha256, outcome, batch=batch, agent=who, tool=TOOL, detail=detail
        )

    batches = releases.release(workspace.database, workspace.run.id, found[0].sha256, event)
    workspace.send()
    return Released(found[0].sha256, tuple(file.name for file in found), tuple(batches))
