"""Data Docs of a batch that open offline: what great-expectations renders, made into one page that asks for nothing.

Its own page wants ten files from content networks and a remote logo that tells who asks; all of that, its scripts
and its invitations are taken out, and a small style sheet of ours is put in. A content-security policy holds the
browser to it. May import great-expectations, through `quality.expectations`, when a page is written.
"""

from __future__ import annotations

import html
import os
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from quality.expectations import Validated, library
from schemas.wording import has, say

_STYLE: Final = Path(__file__).parent / "assets" / "datadocs.css"
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
# Whole parts that want a script, a network, or both.
_DROPPED_TAGS: Final = frozenset(
    {"script", "style", "link", "meta", "title", "footer", "img", "button", "iframe"}
)
_DROPPED_CLASSES: Final = (
    {"navbar-expand-md"},
    {"modal"},
    {"ge-walkthrough-modal"},
    {"fixed-bottom"},
    {"card", "mb-3"},  # its "Actions": a filter that only a script could work
)
_SHARE: Final = r"(?P<share>[≈<>]?[\d.,]+%)"
_COUNTED: Final = {
    "found": re.compile(
        rf"(?P<count>[\d,]+) unexpected values found\. {_SHARE} of (?P<total>[\d,]+) total rows\."
    ),
    "share_unexpected": re.compile(rf"{_SHARE} unexpected"),
    "share": re.compile(_SHARE),
}
_KEPT_ATTRIBUTES: Final = frozenset({"id", "class", "href", "hidden", "colspan", "rowspan"})


def write_data_docs(validated: Validated, out: Path, lang: str = "vi") -> Path:
    """Write the page of a validation, whole or not at all, and say where it lies.

    `out` is the page itself (`.html`) or a folder, where it is named `index.html`; folders are made as needed.
    """
    out = out if out.suffix == ".html" else out / "index.html"
    page = offline(_rendered(validated), validated.report.batch, lang)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.part")
    with open(beside, "w", encoding="utf-8", opener=_private) as stream:
        stream.write(page)
    os.replace(beside, out)
    return out


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def offline(page: str, batch: str, lang: str = "vi") -> str:
    """A rendered page of Data Docs without anything that leaves the machine."""
    parser = _Offline(lang)
    parser.feed(page)
    parser.close()
    title = html.escape(say("data_docs", "title", lang, batch=batch))
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f"<header><h1>{title}</h1></header>\n{''.join(parser.kept)}\n</body>\n</html>\n"
    )


def _rendered(validated: Validated) -> str:
    library()
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # noqa: PLC0415
    from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: PLC0415

    view: Any = DefaultJinjaPageView()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own deprecations
        return str(view.render(ValidationResultsPageRenderer().render(validated.result)))


def _said(word: str, lang: str) -> str:
    """A fixed word of the library in the reader's language; anything else as it is."""
    if has("data_docs", word):
        return say("data_docs", word, lang)
    for key, pattern in _COUNTED.items():
        found = pattern.fullmatch(word)
        if found:
            numbers = {name: _number(text, lang) for name, text in found.groupdict().items()}
            return say("data_docs", key, lang, **numbers)
    return word


def _number(text: str, lang: str) -> str:
    return text.replace(",", "\0").replace(".", ",").replace("\0", ".") if lang == "vi" else text


class _Offline(HTMLParser):
    """Copies the body of a page, leaving out what needs a script or a network."""

    def __init__(self, lang: str) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._lang = lang
        self._in_body = False
        self._dropping: str | None = None  # the tag whose part is being left out
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag, or begin to leave a part out."""
        if tag == "body":
            self._in_body = True
        elif self._dropping is not None:
            self._depth += tag == self._dropping
        elif self._in_body and not self._begin_to_drop(tag, dict(attrs)):
            self.kept.append(f"<{tag}{''.join(self._attribute(name, value) for name, value in attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, or end what is being left out."""
        if tag in {"body", "html"}:
            self._in_body = False
        elif self._dropping is not None:
            self._depth -= tag == self._dropping
            self._dropping = None if self._depth == 0 else self._dropping
        elif self._in_body and tag not in _VOID:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Keep text, in the reader's language where it is one of the library's fixed words."""
        if self._in_body and self._dropping is None:
            word = data.strip()
            self.kept.append(html.escape(data.replace(word, _said(word, self._lang)) if word else data))

    def _begin_to_drop(self, tag: str, attrs: dict[str, str | None]) -> bool:
        classes = set((attrs.get("class") or "").split())
        if tag not in _DROPPED_TAGS and not any(part <= classes for part in _DROPPED_CLASSES):
            return False
        if tag not in _VOID:
            self._dropping, self._depth = tag, 1
        return True

    def _attribute(self, name: str, value: str | None) -> str:
        if name not in _KEPT_ATTRIBUTES or (name == "href" and not (value or "").startswith("#")):
            return ""
        return f" {name}" if value is None else f' {name}="{html.escape(value)}"'
