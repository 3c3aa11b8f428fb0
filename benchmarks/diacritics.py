"""Diacritics by context: words missed before and after, by corpus, wear and kind of confusion, and what it costs.

    .venv/bin/python -m benchmarks.diacritics [--counted FILE…] [--held FILE…] [--outside FILE…] [--foreign FILE…] [--write]

Synthetic papers (`samples`) are always read. Plain texts given by path are set in type, scanned three ways (worn at 300
dpi, soft at 120-150 dpi, black and white at 200 dpi) and read by the project's own reading: `--held` Vietnamese state
texts that did not go into the counts, `--counted` such that did (their own counts are taken out of the model first),
`--outside` Vietnamese of other domains, `--foreign` other languages. Readings are kept in `--cache`. A word is missed
unless it was read letter by letter, capitals, punctuation and the place of a tone mark aside. `--write` puts the table
into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pypdfium2
from PIL import Image

from configs.loader import load_image_rules, load_limits, load_reading_profile
from extractors import diacritics, language, pages, reading
from extractors.proper import parts_of
from extractors.syllables import key_of, split_tone
from samples import KINDS, make_one
from samples import wear as wearing
from samples.sheet import Sheet
from samples.typeset import Style, layout, place_line
from samples.wear.scan import Scan
from schemas.reading import Box, Format, PageReading, Word
from schemas.text import fold_tone_place, nfc, strip_accents

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEADING = "## Diacritics by context"
WEARS = {
    "worn": ("fading", "paper_tint", "skew", "blur", "noise"),
    "low": ("fading", "paper_tint", "skew", "noise"),
    "bitonal": ("skew",),
}
_TITLES = {
    "sample": "of synthetic papers",
    "held": "of state texts not counted",
    "counted": "of a counted plan, its counts taken out",
    "outside": "of other Vietnamese texts",
    "foreign": "of English and French",
}
_MARK = ("<!-- measured: benchmarks/diacritics.py -->", "<!-- end -->")
_FAMILIES = ("tinos", "liberation", "termes", "sans", "typewriter")


class Read(NamedTuple):
    """A page as the engine read it, and the words that are printed on it."""

    corpus: str
    name: str
    words: tuple[Word, ...]
    truth: tuple[str, ...]


class Score(NamedTuple):
    """Counts over the pages of one corpus."""

    pages: int
    words: int
    missed: int
    missed_after: int
    marks: int
    mended: int
    broken: int
    worse: int


def _spoilt(pixels: Any, wear: str, seed: str) -> tuple[Any, int, int]:
    """Pixels, dpi and JPEG quality of a scan at 300 dpi as a poorer scanner would have made it."""
    rng = random.Random(seed)
    if wear == "low":
        share = rng.choice([0.4, 0.45, 0.5])
        soft = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(1.2, 1.8))
        small = cv2.resize(soft, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        return small, int(300 * share), rng.choice([30, 45, 60])
    if wear == "bitonal":
        grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 1.3)
        grey = cv2.resize(grey, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA).astype(np.float32)
        grey += np.random.default_rng(rng.randrange(1 << 30)).normal(0, 22, grey.shape)
        ink = np.where(grey > rng.choice([120, 150, 185]), 255, 0).astype(np.uint8)
        return np.dstack([ink] * 3), 200, 95
    return pixels, 300, 85


def set_in_type(lines: Sequence[str], seed: str, most: int = 3) -> list[Sheet]:
    """Plain paragraphs on A4 pages; short headings bold, lines in capitals centred."""
    rng = random.Random(seed)
    family, size = rng.choice(_FAMILIES), rng.choice([11, 12, 13, 14])
    sheets = [Sheet.empty((210, 297), 300)]
    y = 20.0
    for text in lines:
        caps = text.isupper()
        bold = len(text) < 70 and (caps or text.startswith(("Điều", "Chương", "Mục")))
        italic = not bold and text.startswith("Căn cứ")
        style = Style(family, size, bold, italic, "center" if caps else "justify")
        indent = 0.0 if caps else 10.0
        for line, last, first in layout(
            sheets[-1], text.replace("__", "").replace("**", ""), 165, style, indent
        ):
            if y > 272:
                sheets.append(Sheet.empty((210, 297), 300))
                y = 20.0
            y = place_line(sheets[-1], line, 28, 165, y, style, indent if first else 0.0, last)
        y += 1.5
    return sheets[:most]


def _read(path: str, kind: Format, truths: Sequence[Sequence[str]], cache: Path, tag: str) -> None:
    limits, rules = load_limits(), load_image_rules()
    profile = load_reading_profile()
    plain = profile.model_copy(
        update={"diacritics": profile.diacritics.model_copy(update={"enabled": False})}
    )
    for source, truth in zip(pages.list_pages(path, kind, limits).pages, truths, strict=False):
        seen = reading.read_page(path, kind, source, plain, rules, limits)
        kept = {"reading": seen.model_dump(mode="json"), "truth": list(truth)}
        (cache / f"{tag}-{source.number}.json").write_text(
            json.dumps(kept, ensure_ascii=False), encoding="utf-8"
        )


def _read_pixels(pixels: Any, wear: str, seed: str, truth: Sequence[str], cache: Path, tag: str) -> None:
    spoilt, dpi, quality = _spoilt(pixels, wear, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/page.jpg"
        Image.fromarray(spoilt).save(path, quality=quality, dpi=(dpi, dpi))
        _read(path, Format.JPEG, [truth], cache, tag)


def read_text(corpus: str, file: Path, wear: str, cache: Path) -> None:
    """Set a text in type, scan it, read it; once."""
    tag = f"{corpus}.{file.stem}.{wear}"
    if any(cache.glob(f"{tag}.*.json")):
        return
    lines = nfc(file.read_text(encoding="utf-8")).splitlines()
    for number, sheet in enumerate(set_in_type([line for line in lines if line.strip()], file.stem)):
        scan = Scan.of(sheet)
        wearing.apply(scan, WEARS[wear], f"{file.stem}/{number}")
        printed = [line.text for line in scan.lines]
        _read_pixels(scan.pixels, wear, f"{file.stem}/{number}", printed, cache, f"{tag}.{number}")


def read_sample(kind: str, seed: int, wear: str, cache: Path) -> None:
    """One synthetic paper, signed and sealed; once."""
    tag = f"sample.{kind}-{seed}.{wear}"
    if any(cache.glob(f"{tag}*.json")):
        return
    worn = ("signature", "seal", *WEARS[wear])
    made = make_one(kind, seed, wear=worn, dpi=200 if wear == "worn" else 300)
    truths = [[line["text"] for line in page["lines"]] for page in made.truth["pages"]]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/paper{made.suffix}"
        Path(path).write_bytes(made.data)
        if wear == "worn":
            _read(path, Format.PDF, truths, cache, tag)
            return
        with pypdfium2.PdfDocument(path) as document:
            for number, truth in enumerate(truths):
                pixels = np.array(document[number].render(scale=300 / 72).to_pil().convert("RGB"))
                _read_pixels(pixels, wear, f"{kind}{seed}{number}", truth, cache, f"{tag}.{number}")


def readings(cache: Path, corpus: str) -> Iterator[Read]:
    """Every kept reading of a corpus."""
    for path in sorted(cache.glob(f"{corpus}.*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        words = PageReading.model_validate(kept["reading"]).words
        yield Read(corpus, path.stem, words, tuple(word for line in kept["truth"] for word in line.split()))


def _letters(text: str) -> str:
    return fold_tone_place(re.sub(r"[\W_]+", "", nfc(text)))


def aligned(page: Read) -> tuple[dict[int, str], int]:
    """Printed word for each word read whose base letters agree, and how many words are printed."""
    read = [_letters(word.as_read) for word in page.words]
    printed = [letters for word in page.truth if (letters := _letters(word))]
    seen = [at for at, letters in enumerate(read) if letters]
    match = difflib.SequenceMatcher(
        None,
        [strip_accents(read[at]) for at in seen],
        [strip_accents(word) for word in printed],
        autojunk=False,
    )
    pairs = {
        seen[one + step]: printed[two + step]
        for one, two, size in match.get_matching_blocks()
        for step in range(size)
    }
    return pairs, len(printed)


def confusion(read: str, printed: str) -> str:
    """Which marks were misread."""
    (vowels, tone), (wanted, wanted_tone) = split_tone(read), split_tone(printed)
    if len(vowels) != len(wanted):
        return "other"
    bars = any(a != b and "đ" in (a, b) for a, b in zip(vowels, wanted, strict=True))
    marks = any(a != b and "đ" not in (a, b) for a, b in zip(vowels, wanted, strict=True))
    said = [name for name, is_so in (("đ/d", bars), ("circumflex, horn, breve", marks)) if is_so]
    return " and ".join([*said, *(["tone"] if tone != wanted_tone else [])]) or "other"


def measure(
    found: Sequence[Read], model: language.LanguageModel, kinds: Counter[tuple[str, str]], spent: list[float]
) -> Score:
    """Compare each page with what is printed on it, before and after."""
    profile = load_reading_profile().diacritics
    counts = Counter[str]()
    for page in found:
        started = time.process_time()
        new = diacritics.choose(page.words, model, profile)
        spent.append(time.process_time() - started)
        pairs, printed = aligned(page)
        mended = broken = 0
        for at, wanted in pairs.items():
            before, after = _letters(page.words[at].as_read), _letters(new[at].text)
            if before != wanted:
                counts["marks"] += 1
                kinds[confusion(before, wanted), "before"] += 1
                kinds[confusion(before, wanted), "mended"] += after == wanted
                mended += after == wanted
            else:
                broken += after != wanted
        counts.update(
            pages=1,
            words=printed,
            lost=printed - len(pairs),
            mended=mended,
            broken=broken,
            worse=broken > mended,
        )
    missed = counts["lost"] + counts["marks"]
    after_all = missed - counts["mended"] + counts["broken"]
    return Score(
        counts["pages"], counts["words"], missed, after_all, counts["marks"], counts["mended"], counts["broken"],
        counts["worse"],
    )  # fmt: skip


def model_without(file: Path) -> language.LanguageModel:
    """The model less what one of its texts brought."""
    words, alone, pairs, triples = language.counts()
    size = len(words[0])
    ids = {key: number for number, key in enumerate(words[1])}
    text = nfc(file.read_text(encoding="utf-8")).split()
    ran = [language.START]
    for part in parts_of([Word(word, 1.0, Box(0, 0, 1, 1), 0) for word in text]):
        if part.starts or not part.core:
            ran += [language.END, language.START]
        if part.core:
            ran.append(ids.get(key_of(part.core), language.UNKNOWN))
        if part.ends:
            ran += [language.END, language.START]
    two = Counter(one * size + other for one, other in itertools.pairwise(ran) if min(one, other) >= 0)
    place = {code: number for number, code in enumerate(pairs[0].tolist())}
    three = Counter(
        place[first * size + second] * size + third
        for first, second, third in zip(ran, ran[1:], ran[2:], strict=False)
        if min(first, second, third) >= 0 and first * size + second in place
    )
    # A pair that goes away keeps its row, so that the triples' keys still hold; a count of one says next to nothing.
    fewer = np.array([pairs[0], [max(1, n - two[code]) for code, n in pairs.T.tolist()]])
    left = [(code, n - three[code]) for code, n in triples.T.tolist() if n - three[code] > 0]
    return language.LanguageModel(words, alone, fewer, np.array(left, dtype=np.int64).T)


def table(scores: dict[str, Score], kinds: Counter[tuple[str, str]], spent: Sequence[float]) -> str:
    """The section of docs/benchmarks.md."""
    rows = [
        "| pages | words | missed before | after | ratio | marks misread | mended | broken | pages worse |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, got in scores.items():
        before, after = got.missed / got.words, got.missed_after / got.words
        ratio = got.missed / max(1, got.missed_after)
        rows.append(
            f"| {got.pages} {name} | {got.words} | {100 * before:.2f} % | {100 * after:.2f} % | {ratio:.2f} | {got.marks} "
            f"| {got.mended} | {got.broken} | {got.worse} |"
        )
    rows += ["", "| marks misread, Vietnamese pages | words | mended |", "|---|---|---|"]
    total = {kind: count for (kind, when), count in kinds.items() if when == "before"}
    for kind, count in sorted(total.items(), key=lambda pair: -pair[1]):
        rows.append(f"| {kind} | {count} | {100 * kinds[kind, 'mended'] / count:.0f} % |")
    times = sorted(1000 * one for one in spent)
    rows += [
        "",
        f"Time: median {times[len(times) // 2]:.1f} ms a page, nine of ten below {times[len(times) * 9 // 10]:.1f} ms.",
    ]
    return "\n".join(rows)


def write_section(text: str, docs: Path = DOCS) -> None:
    """Put the measured part of this section into the page; what a person wrote below it stays."""
    page = docs.read_text(encoding="utf-8") if docs.exists() else "# Benchmarks\n"
    if HEADING not in page:
        page = f"{page.rstrip()}\n\n{HEADING}\n\n{_MARK[0]}\n{_MARK[1]}\n"
    head, rest = page.split(HEADING, 1)
    before, after = rest.split(_MARK[0], 1)
    _, tail = after.split(_MARK[1], 1)
    docs.write_text(f"{head}{HEADING}{before}{_MARK[0]}\n{text}\n{_MARK[1]}{tail}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("counted", "held", "outside", "foreign"):
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[])
    parser.add_argument("--seeds", type=int, nargs="*", default=[101, 102, 103])
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "sohoa-diacritics")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    for wear in WEARS:
        for corpus in ("counted", "held", "outside", "foreign"):
            for file in getattr(given, corpus):
                read_text(corpus, file, wear, given.cache)
        for kind in KINDS:
            for seed in given.seeds:
                read_sample(kind, seed, wear, given.cache)
    scores: dict[str, Score] = {}
    kinds, spent = Counter[tuple[str, str]](), list[float]()
    for corpus, title in _TITLES.items():
        found = list(readings(given.cache, corpus))
        if not found:
            continue
        model = model_without(given.counted[0]) if corpus == "counted" and given.counted else language.model()
        other = Counter[tuple[str, str]]()
        scores[title] = measure(found, model, other if corpus == "foreign" else kinds, spent)
    text = table(scores, kinds, spent)
    print(text)
    if given.write:
        write_section(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
