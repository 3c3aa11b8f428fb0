"""Texts of a paper as an index keeps them: packed, and as lines of tokens in both spellings."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

from schemas.search_words import number_token, token_lines

_NO_WORD: Final = "¶"  # a token between lines and pages, so that no phrase runs over their edge
_PAGE: Final = "\x1d"  # between the parts of a body


def parts(fields: str, pages: Sequence[str]) -> list[str]:
    """The texts as they come back from a body."""
    found = [part.replace(_PAGE, " ").replace("\x00", " ") for part in (fields, *pages)]
    # Half of a surrogate pair, as it may stand in a damaged text layer, cannot be kept.
    return [part if part.isprintable() else part.encode("utf-8", "replace").decode("utf-8") for part in found]


def packed(fields: str, pages: Sequence[str]) -> bytes:
    """Texts, compressed."""
    return zlib.compress(_PAGE.join((fields, *pages)).encode("utf-8"), 1)


def unpacked(body: bytes) -> tuple[str, list[str]]:
    """Fields and pages.

    Raises:
        zlib.error: it is not what was packed.
    """
    fields, *pages = zlib.decompress(body).decode("utf-8").split(_PAGE)
    return fields, pages


def tokens_of(number: str, fields: str, pages: Sequence[str]) -> tuple[str, str, str, str]:
    """Tokens of the fields and of the pages, exact and folded (as `storage.search.expressions.COLUMNS`)."""
    lines = [token_lines(line) for line in fields.split("\n")]
    sheets = [token_lines(page) for page in pages]
    own = [(number_token(number),) * 2] if number else []
    between = f" {_NO_WORD} "
    return (
        between.join(exact for exact, _ in own + lines),
        between.join(folded for _, folded in own + lines),
        between.join(exact for exact, _ in sheets),
        between.join(folded for _, folded in sheets),
    )
