"""The language of the command line itself: help, usage errors. Known before settings are read."""

from __future__ import annotations

import os
import sys

from schemas.wording import text


def current_lang() -> str:
    """Language for sentences that come before, or in spite of, settings: `--lang`, else `SOHOA_LANG`, else Vietnamese."""
    for before, argument in zip(["", *sys.argv], sys.argv, strict=False):
        lang = argument.removeprefix("--lang=") if argument.startswith("--lang=") else argument
        if lang in {"vi", "en"} and (before == "--lang" or lang != argument):
            return lang
    return "en" if os.environ.get("SOHOA_LANG") == "en" else "vi"


def words(key: str) -> str:
    """A sentence of the help, by its key in the table of words."""
    return text(f"help.{key}", current_lang())
