"""The one message table: findings by rule, and the other sentences people read, in Vietnamese and English."""

from __future__ import annotations

import functools
import string
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.findings import Finding
from schemas.numerals import number_text, share_text

_FOLDER = Path(__file__).parent / "messages"
LANGUAGES = ("vi", "en")
_SHARED = {
    "state": "state",
    "status": "status",
    "route": "route",
    "verdict": "verdict",
    "level": "level",
    "basis": "basis",
    "known": "dpi_known",
    "validity": "validity_state",
}


@functools.cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


class _Filler(string.Formatter):
    """Formatter for messages: localised numbers, `{share:%}` in percent, a dash for missing parameters."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "–")

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "%" and isinstance(value, (int, float)):
            return share_text(value, self._lang, 1)
        if isinstance(value, float) and not format_spec:
            return number_text(value, self._lang, 2 if abs(value) < 10 else 1).removesuffix(
                _ZEROS[self._lang]
            )
        return str(format(value, format_spec if format_spec != "%" else ""))


_ZEROS = {"vi": ",00", "en": ".00"}


def _filled(sentence: str, lang: str, params: Mapping[str, Any]) -> str:
    return _Filler(lang).vformat(sentence, (), params)


def render(finding: Finding, lang: str = "vi") -> tuple[str, str | None]:
    """A finding's message and remedy."""
    row = _table(lang)[finding.rule]
    params: dict[str, Any] = {"page": finding.page, "file": finding.file, **finding.params}
    if "field" in finding.params:
        params["field"] = _field_name(str(finding.params["field"]), lang)
    if isinstance(reason := finding.params.get("reason"), str):
        params["reason"] = _reason(reason, lang)
    # Kept findings of earlier versions do not say how a resolution is known.
    params["known"] = (
        say("dpi_known", str(finding.params["known"]), lang) if "known" in finding.params else ""
    )
    if "part" in finding.params:
        params["part"] = say("code_part", str(finding.params["part"]), lang)
    remedy = row.get("remedy")
    return _filled(row["message"], lang, params), _filled(remedy, lang, params) if remedy else None


def _field_name(field: str, lang: str) -> str:
    named = text(f"field.{field}", lang)
    return field if named.startswith("field.") else named[:1].lower() + named[1:]


def _reason(code: str, lang: str) -> str:
    """A finding's reason in words: codes joined by `+` one by one, `tiff_50000` as any `tiff`; other text is unchanged."""
    words: dict[str, str] = _table(f"ui_{lang}")["reason"]
    return ", ".join(words.get(part) or words.get(part.partition("_")[0], part) for part in code.split("+"))


def text(key: str, lang: str = "vi", /, **params: object) -> str:
    """Another sentence for people, by its dotted key; an unknown key is shown as it is."""
    row: Any = _table(f"ui_{lang}")
    for part in key.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return key if not isinstance(row, str) else _filled(row, lang, params)


def say(part: str, key: str, lang: str = "vi", /, **params: object) -> str:
    """A sentence of one part of the table; its key may hold dots and spaces. An unknown key is shown as it is."""
    row = _table(f"ui_{lang}").get(part, {}).get(key)
    if isinstance(row, str):
        return _filled(row, lang, params)
    # One word for one state: pages take words of states, routes and the like from their own part of the table.
    shared, _, name = key.partition("_")
    word = _table(f"ui_{lang}").get(_SHARED.get(shared, ""), {}).get(name)
    return word if isinstance(word, str) else key


def has(part: str, key: str) -> bool:
    """True if a part of the table has such a sentence."""
    return say(part, key) != key


def section(name: str, lang: str = "vi") -> dict[str, str]:
    """All sentences of one part of the table, by key."""
    return {
        key: sentence for key, sentence in _table(f"ui_{lang}")[name].items() if isinstance(sentence, str)
    }
