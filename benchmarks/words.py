"""Words compared: what of a truth a text lacks, whatever the order. Only letters and digits count."""

from __future__ import annotations

import html
import re
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

from benchmarks.measuring import NotRun
from schemas.text import fold_tone_place

# Points; smaller print (electronic stamps in margins, marks of footnotes) is left out of a real page's truth.
_SMALLEST = 7.0
_BOXED = re.compile(r'<word [^>]*yMin="([\d.-]+)"[^>]*yMax="([\d.-]+)">(.*?)</word>')
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> Counter[str]:
    """A text's words, NFC, letter case and the two places of a tone mark made one."""
    # A soft hyphen is how a PDF says that a line broke within a word.
    plain = unicodedata.normalize("NFC", text).replace("\u00ad", "")
    return Counter(fold_tone_place(word) for word in _WORD.findall(plain))


def missed(truth: Counter[str], got: Counter[str]) -> int:
    """Words of a truth that are not there, each as often as it is lacking."""
    return (truth - got).total()


def printed_texts(pdf: Path) -> list[str]:
    """Each page's words of a born-digital PDF, small print left out.

    Raises:
        NotRun: it cannot be read.
    """
    done = subprocess.run(
        ["pdftotext", "-bbox", "-enc", "UTF-8", str(pdf), "-"], capture_output=True, check=False, timeout=300
    )
    pages = done.stdout.decode("utf-8", errors="replace").split("<page ")[1:]
    if done.returncode or not pages:
        raise NotRun(f"pdftotext -bbox {pdf}: {done.stderr.decode(errors='replace')[:300]}")
    return [
        "\n".join(
            html.unescape(text)
            for top, bottom, text in _BOXED.findall(page)
            if float(bottom) - float(top) >= _SMALLEST
        )
        for page in pages
    ]


def page_texts(pdf: Path, count: int) -> list[str]:
    """The text layer of each page, by Poppler's pdftotext, the same for every side.

    Raises:
        NotRun: it cannot be read, or has another number of pages.
    """
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(pdf), "-"], capture_output=True, check=False, timeout=300
    )
    if done.returncode:
        raise NotRun(f"pdftotext {pdf}: {done.stderr.decode(errors='replace')[:300]}")
    pages = done.stdout.decode("utf-8", errors="replace").split("\f")[:-1]
    if len(pages) != count:
        raise NotRun(f"{pdf} has {len(pages)} pages of text, wanted {count}")
    return pages
