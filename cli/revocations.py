"""`sohoa revocations import|list|withdraw|template`: results that an authority revoked, superseded or cancelled."""

from __future__ import annotations

import sys

from cli.catalogue import database_of
from cli.days import moment_of
from cli.fact_files import (
    Reason,
    RowNumber,
    TableFile,
    TemplateFile,
    import_table,
    withdraw_row,
    write_empty,
)
from cli.fact_lists import History, KnownAt, fact_json, print_facts
from cli.options import AsJson, command
from cli.shapes import print_json
from configs.settings import Settings
from quality.inventory import read_revocations
from quality.revocations import Found, find
from schemas.facts import Backing
from schemas.wording import text
from storage.catalogue import facts, figures
from storage.catalogue.figures_papers import papers


@command
def import_(settings: Settings, table: TableFile, as_json: AsJson = False) -> int:
    """Import revocations; each takes the paper that it fits out of the figures from its day on."""
    return import_table(settings, facts.REVOCATIONS, table, read_revocations, Backing(), as_json=as_json)


@command
def list_(
    settings: Settings, history: History = False, known_at: KnownAt = None, as_json: AsJson = False
) -> int:
    """Revocations, and the stored paper that each fits; one that fits none or several is applied to none."""
    moment = moment_of(known_at) if known_at else None
    with database_of(settings) as database:
        held = facts.history(database, facts.REVOCATIONS, moment)
        shown = held if history else figures.standing(held)
        found = find(list(papers(database, known_at=moment)), [fact.row for fact in shown])
    if as_json:
        rows = [
            {**fact_json(fact), "match": _match(one), "documents": list(one.documents)}
            for fact, one in zip(shown, found, strict=True)
        ]
        print_json({"known_at": moment, "rows": rows})
        return 0
    print_facts("revocation", shown, settings.lang, known_at=moment, as_json=False)
    for fact, one in zip(shown, found, strict=True):
        named = ", ".join(one.documents)
        line = text(f"facts.match_{_match(one)}", settings.lang, number=fact.id, documents=named)
        sys.stdout.write(line + "\n")
    return 0


def _match(found: Found) -> str:
    """Whether a revocation fits one paper, several or none."""
    if not found.documents:
        return "none"
    return "one" if len(found.documents) == 1 else "several"


@command
def withdraw(settings: Settings, row: RowNumber, reason: Reason, as_json: AsJson = False) -> int:
    """Withdraw a revocation that was wrong: from now on its paper counts again."""
    return withdraw_row(settings, facts.REVOCATIONS, row, reason, as_json=as_json)


@command
def template(settings: Settings, out: TemplateFile) -> int:
    """Write an XLSX template to fill in."""
    return write_empty(settings, facts.REVOCATIONS, out)
