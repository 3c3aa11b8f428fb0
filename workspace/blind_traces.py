"""A trace without the values that another person is still to key: whoever keys them next must not have read them here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas.documents import Document
from schemas.review import confirmed
from schemas.second_keying import blind_fields
from schemas.traces import Trace

_SHOWN: Final = ("value", "raw", "old", "new", "before", "after")


def without_blind(trace: Trace, papers: Mapping[str, Document]) -> Trace:
    """The trace with these papers' blind values left out: of fields, decisions, versions and events."""
    hidden = {own: fields for own, paper in papers.items() if (fields := blind_fields(paper))}
    if not hidden:
        return trace
    plain = trace.model_dump(mode="json")
    for paper in plain["papers"]:
        fields = hidden.get(paper["id"], frozenset())
        for name in fields & paper["fields"].keys():
            _empty(paper["fields"][name])
        said = [*paper["decisions"], *(each for version in paper["versions"] for each in version["changes"])]
        for each in said:
            _hide(each, fields)
    for event in plain["events"]:
        _hide(event["detail"], hidden.get(event["subject"], frozenset()))
    return Trace.model_validate(plain)


def _hide(said: dict[str, Any], fields: frozenset[str]) -> None:
    if confirmed(str(said.get("target", ""))) in fields:
        _empty(said)


def _empty(said: dict[str, Any]) -> None:
    for key in _SHOWN:
        if key in said:
            said[key] = None
