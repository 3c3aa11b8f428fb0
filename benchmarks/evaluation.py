"""A set of scans to measure any reader on, and its score: tone marks, other marks and letters told apart.

    .venv/bin/python -m benchmarks evaluation FOLDER [--pages 120] [--seed 2026]
    .venv/bin/python -m benchmarks evaluation FOLDER RESULTS... [--words]

The first makes `FOLDER/scans/NAME.pdf` (300 dpi colour JPEG, all kinds of paper, each wear in turn) and
`FOLDER/truth/NAME.txt` (what is printed, a form feed behind each page); the same seed gives the same bytes everywhere.
The second scores what a reader left: per RESULTS a folder of `NAME.txt`, pages parted by form feeds, or of searchable
`NAME.pdf`, whose text layer is read by pdftotext. Exit code 5 if a page is missing.

Order does not count: words are compared as a multiset, page by page, letter case and the two places of a tone mark made
one. What is left on both sides is paired: words that differ by a tone alone (`á`, `à`), by another mark (`a`, `ă`, `â`,
`d`, `đ`), by letters (at most half of them); what finds no partner is missing or added. Stamps and seals have words that
the truth does not count: they are added by every reader alike.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from benchmarks import corpus, tables
from benchmarks.measuring import NotRun, fail
from benchmarks.words import page_texts, words
from samples import KINDS, make_one
from schemas.text import strip_accents

_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_WEARS = ("sealed", "worn", "shadow", "degraded")


class Score(NamedTuple):
    """Words of one or more pages: how many there are, and what befell those that are not right.

    Attributes:
        of: words of the truth.
        tones: read with another tone.
        marks: with another mark than a tone's (`ă`, `â`, `đ`).
        letters: with other letters.
        missing: not read at all.
        added: read, and not there.
        pairs: (truth, read) of each word that is paired, the worst last.
    """

    of: int = 0
    tones: int = 0
    marks: int = 0
    letters: int = 0
    missing: int = 0
    added: int = 0
    pairs: tuple[tuple[str, str], ...] = ()

    def plus(self, other: Score) -> Score:
        """Both together."""
        return Score(
            self.of + other.of,
            self.tones + other.tones,
            self.marks + other.marks,
            self.letters + other.letters,
            self.missing + other.missing,
            self.added + other.added,
            self.pairs + other.pairs,
        )

    def shares(self) -> list[str]:
        """Shares of the truth's words in %: wrong at all, then each kind of error, then added."""
        wrong = self.tones + self.marks + self.letters + self.missing
        counts = (wrong, self.tones, self.marks, self.letters, self.missing, self.added)
        return [f"{100 * count / max(1, self.of):.2f} %" for count in counts]


def toneless(word: str) -> str:
    """A word without its tone marks; `ă`, `â`, `đ` and the like keep theirs."""
    parts = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(char for char in parts if char not in _TONES))


def score(truth: str, read: str) -> Score:
    """Compare the text of a page with what a reader made of it."""
    wanted, got = words(truth), words(read)
    lacking, spare = wanted - got, got - wanted
    pairs: list[tuple[str, str]] = []
    tones = _paired(lacking, spare, toneless, pairs)
    marks = _paired(lacking, spare, strip_accents, pairs)
    letters = _alike(lacking, spare, pairs)
    return Score(wanted.total(), tones, marks, letters, lacking.total(), spare.total(), tuple(pairs))


def _paired(
    lacking: Counter[str], spare: Counter[str], key: Callable[[str], str], pairs: list[tuple[str, str]]
) -> int:
    """Take out the pairs that are equal under a key; how many there were."""
    waiting: dict[str, list[str]] = {}
    for word in spare.elements():
        waiting.setdefault(key(word), []).append(word)
    count = 0
    for word in list(lacking.elements()):
        if mates := waiting.get(key(word)):
            count += 1
            _take(lacking, spare, word, mates.pop(), pairs)
    return count


def _alike(lacking: Counter[str], spare: Counter[str], pairs: list[tuple[str, str]]) -> int:
    """Take out the pairs that differ by at most half of their letters, the most alike first; how many there were."""
    near = sorted(
        (distance, one, other)
        for one in lacking
        for other in spare
        if (distance := Levenshtein.distance(one, other)) <= max(len(one), len(other)) / 2
    )
    count = 0
    for _, one, other in near:
        while lacking[one] > 0 and spare[other] > 0:
            count += 1
            _take(lacking, spare, one, other, pairs)
    return count


def _take(
    lacking: Counter[str], spare: Counter[str], word: str, mate: str, pairs: list[tuple[str, str]]
) -> None:
    lacking[word] -= 1
    spare[mate] -= 1
    pairs.append((word, mate))


def make(folder: Path, pages: int, seed: int) -> int:
    """Make the set; returns its number of pages."""
    (folder / "scans").mkdir(parents=True, exist_ok=True)
    (folder / "truth").mkdir(exist_ok=True)
    made = number = 0
    while made < pages:
        for kind in sorted(KINDS):
            wear = _WEARS[number % len(_WEARS)]
            one = make_one(
                kind, f"{seed}-{number}", wear=corpus.WEAR[wear], container="pdf_jpeg", dpi=corpus.DPI
            )
            name = f"{number:03d}-{kind}-{wear}"
            (folder / "scans" / f"{name}.pdf").write_bytes(one.data)
            texts = [page["text"] for page in one.truth["pages"]]
            truth = "".join(f"{text}\f" for text in texts)
            (folder / "truth" / f"{name}.txt").write_text(truth, encoding="utf-8")
            made, number = made + len(texts), number + 1
    return made


def scored(folder: Path, results: Path) -> dict[str, Score]:
    """Score what a reader left, by wear.

    Raises:
        NotRun: a file or page is missing.
    """
    truths = sorted((folder / "truth").glob("*.txt"))
    if not truths:
        raise NotRun(f"no truth in {folder}")
    found: dict[str, Score] = {}
    for truth in truths:
        wanted = truth.read_text(encoding="utf-8").split("\f")[:-1]
        wear = truth.stem.rpartition("-")[2]
        for text, read in zip(wanted, _texts(results, truth.stem, len(wanted)), strict=True):
            found[wear] = found.get(wear, Score()).plus(score(text, read))
    return found


def _texts(results: Path, name: str, pages: int) -> Iterable[str]:
    text, searchable = results / f"{name}.txt", results / f"{name}.pdf"
    if not text.exists():
        return page_texts(searchable, pages)
    texts = text.read_text(encoding="utf-8").split("\f")
    if texts and not texts[-1].strip():
        texts.pop()
    if len(texts) != pages:
        raise NotRun(f"{text} has {len(texts)} pages, wanted {pages}")
    return texts


def main() -> int:
    """Make the set, or score results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("results", type=Path, nargs="*")
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    parser.add_argument("--words", action="store_true", help="print every pair of words that differ")
    given = parser.parse_args()
    if not given.results:
        sys.stdout.write(f"{make(given.folder, given.pages, given.seed)} pages in {given.folder}\n")
        return 0
    rows = []
    try:
        for results in given.results:
            for wear, total in scored(given.folder, results).items():
                rows.append([results.name, wear, str(total.of), *total.shares()])
                if given.words:
                    sys.stdout.writelines(f"{wear}: {one} → {other}\n" for one, other in total.pairs)
    except NotRun as error:
        return fail(error)
    head = ["reader", "scans", "words", "wrong", "tone", "other mark", "letters", "missing", "added"]
    tables.put("evaluation", tables.table(head, rows), rows, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
