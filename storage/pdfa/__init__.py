"""PDF/A-2 renditions: valid by construction, and checked here before veraPDF validates them.

`write_pdfa` makes one file out of pages of one original; `replace_text` copies a finished one with other words;
`check_structure` looks a finished file over. Image streams go over untouched wherever PDF/A lets them.
Nothing of the input but pixels and pixel geometry enters the output. May import schemas and engines; must never import
extractors or configs.
"""

from __future__ import annotations

from storage.pdfa.new_text import replace_text
from storage.pdfa.signed import is_signed
from storage.pdfa.structure import check_structure
from storage.pdfa.writer import write_pdfa

__all__ = ["check_structure", "is_signed", "replace_text", "write_pdfa"]
