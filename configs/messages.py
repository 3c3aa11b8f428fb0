"""The one message table: findings by rule, and the other sentences people read, in Vietnamese and English."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

from schemas.findings import Finding

_FOLDER = Path(__file__).parent / "messages"
LANGUAGES = ("vi", "en")


@functools.cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


class _Params(dict[str, Any]):
    """A parameter that a message names and nobody gave is shown as a dash, never a crash in front of a person."""

    def __missing__(self, key: str) -> str:
        return "–"


def render(finding: Finding, lang: str = "vi") -> tuple[str, str | None]:
    """A finding's message and remedy."""
    row = _table(lang)[finding.rule]
    params = _Params(page=finding.page, file=finding.file, **finding.params)
    if "field" in finding.params:
        params["field"] = _field_name(str(finding.params["field"]), lang)
    if isinstance(reason := finding.params.get("reason"), str):
        params["reason"] = _reason(reason, lang)
    remedy = row.get("remedy")
    return row["message"].format_map(params), remedy.format_map(params) if remedy else None


def _field_name(field: str, lang: str) -> str:
    named = text(f"field.{field}", lang)
    return field if named.startswith("field.") else named[:1].lower() + named[1:]


def _reason(code: str, lang: str) -> str:
    """A finding's reason in words: codes joined by `+` one by one, `tiff_50000` as any `tiff`; what is no code stays."""
    words: dict[str, str] = _table(f"ui_{lang}")["reason"]
    return ", ".join(words.get(part) or words.get(part.partition("_")[0], part) for part in code.split("+"))


def text(key: str, lang: str = "vi", /, **params: object) -> str:
    """Another sentence for people, by its dotted key; an unknown key is shown as it is."""
    row: Any = _table(f"ui_{lang}")
    for part in key.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return key if not isinstance(row, str) else row.format_map(_Params(params))


def section(name: str, lang: str = "vi") -> dict[str, str]:
    """All sentences of one part of the table, by key."""
    return {key: said for key, said in _table(f"ui_{lang}")[name].items() if isinstance(said, str)}
