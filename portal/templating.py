"""Pages from templates: everything escaped, words from the one table, a name that is missing an error."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from schemas.clock import VIETNAM
from schemas.numerals import day_text, moment_text, number_text, share_text
from schemas.text import shown
from schemas.wording import say, text

_FOLDER: Final = Path(__file__).parent / "templates"


@cache
def environment(lang: str) -> Environment:
    """Templates in a language."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["lang"] = lang
    made.globals["t"] = lambda key, **params: text(f"portal.{key}", lang, **params)
    made.globals["word"] = lambda key: text(key, lang)
    made.globals["say"] = lambda part, key: say(part, str(key), lang)
    made.filters["count"] = lambda value: number_text(value, lang)
    made.filters["share"] = lambda value: share_text(value, lang)
    made.filters["day"] = lambda value: _day(value, lang)
    made.filters["moment"] = lambda value: _moment(value, lang)
    made.filters["safe_name"] = shown
    return made


def rendered(template: str, lang: str, **given: Any) -> str:
    """A page."""
    return environment(lang).get_template(template).render(**given)


def _day(value: date | str | None, lang: str) -> str:
    if not value:
        return "–"
    return day_text(date.fromisoformat(value) if isinstance(value, str) else value, lang)


def _moment(value: str | None, lang: str) -> str:
    return moment_text(datetime.fromisoformat(value).astimezone(VIETNAM), lang) if value else "–"
