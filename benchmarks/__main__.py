"""`python -m benchmarks NAME ...`: one benchmark; without a name those that `make bench` runs, into docs/benchmarks.md."""

from __future__ import annotations

import importlib
import sys

NAMES = {
    "versus": "speed, CPU and words missed beside OCRmyPDF 17 and bare Tesseract, on the same pages",
    "cost": "CPU of a page's reading by stage; what is spent outside the OCR call",
    "engines": "words missed and CPU by the engine that reads first",
    "errors": "character and word errors by kind of paper and wear",
    "growth": "time and memory of growing files and batches, and of huge pages",
    "figures": "time and memory of figures and the board at millions of papers",
    "machines": "several machines on one batch, scheduling, what records cost",
    "search": "full search over 100,000 papers: time of a search, papers a second of making the index anew",
    "portal": "the web page: ten people at once over 10,000 waiting papers, times of an answer and of the next paper",
    "ghosts": "words invented on empty, bleed-through and ghost pages, beside bare Tesseract",
    "evaluation": "a set of scans to measure any reader on, and its score: tone marks told apart from letters",
    "resolution": "which pages are called too coarse, by true resolution and by what the file says",
    "understanding": "kinds, splits and fields understood (wants a folder of samples)",
    "register": "papers accepted without a person, before and after a register (wants a folder of samples)",
    "written": "figures by hand: read right, sure, wrong (wants a folder of samples, or scans with labels)",
    "calibration": "confidence against truth, and the shipped thresholds (wants a folder of samples)",
    "diacritics": "diacritics by context, before and after (wants texts or readings)",
    "fidelity": "whether PDF/A shows what its original shows (wants files)",
}
USUAL = ("versus", "cost", "errors", "growth")


def main(arguments: list[str]) -> int:
    """Run what is named; 2 when the name is unknown."""
    if not arguments:
        return max(run(name, ["--write"]) for name in USUAL)
    if arguments[0] not in NAMES:
        sys.stderr.write("python -m benchmarks NAME [--help]\n")
        sys.stderr.writelines(f"  {name:14} {told}\n" for name, told in NAMES.items())
        return 0 if arguments[0] in {"-h", "--help"} else 2
    return run(arguments[0], arguments[1:])


def run(name: str, arguments: list[str]) -> int:
    """One benchmark, as if called by its module."""
    sys.argv = [f"python -m benchmarks {name}", *arguments]
    return int(importlib.import_module(f"benchmarks.{name}").main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
