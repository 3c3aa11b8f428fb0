"""The blocks of `engines.text_pdf` as a text document that an office can go on writing in (Office Open XML).

The same words in the same order; fonts are named, not embedded. Written twice, it has the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from engines.text_pdf import Bars, Block, Columns, Grid, Line, Style, Turn

_FONT: Final = "Times New Roman"  # NĐ 30/2020 Phụ lục I
_SHORT, _LONG = Mm(210), Mm(297)
_LEFT, _RIGHT, _EDGE = Mm(25), Mm(15), Mm(20)
_STEPS: Final = 40  # of a bar
_FULL, _EMPTY, _MARK = "█", "░", "│"
_STAMP: Final = RGBColor(0xB0, 0xB0, 0xB0)
_EPOCH: Final = datetime(2000, 1, 1)
_ALIGN: Final = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}


def docx_of(blocks: Sequence[Block], *, title: str, footer: str = "", stamp: str = "") -> bytes:
    """The blocks as the bytes of a .docx; `footer` below every page with its number, `stamp` above every page."""
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(12)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    _set_page(document.sections[0], landscape=False)
    for block in blocks:
        _add(document, block)
    for section in document.sections:
        _beneath(section, footer)
        if stamp:
            _line(section.header.paragraphs[0], Line(stamp, 20, "bold", "center"), _STAMP)
    known = document.core_properties
    known.title, known.author, known.comments, known.language = title, "", "", "vi-VN"
    known.created = known.modified = _EPOCH
    held = io.BytesIO()
    document.save(held)
    return _undated(held.getvalue())


def _set_page(section: Any, *, landscape: bool) -> None:
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (_LONG, _SHORT) if landscape else (_SHORT, _LONG)
    section.left_margin, section.right_margin = (_EDGE, _EDGE) if landscape else (_LEFT, _RIGHT)
    section.top_margin = section.bottom_margin = _EDGE


def _add(document: Any, block: Block) -> None:
    if isinstance(block, Turn):
        _set_page(document.add_section(), landscape=block.landscape)
    elif isinstance(block, Line):
        _line(document.add_paragraph(), block)
    elif isinstance(block, Columns):
        _columns(document, block)
    elif isinstance(block, Grid):
        _grid(document, block)
    else:
        _bars(document, block)


def _line(paragraph: Any, line: Line, colour: RGBColor | None = None) -> None:
    run = paragraph.add_run(line.text)
    run.font.size, run.bold, run.font.name = Pt(line.size), line.style == "bold", _FONT
    if colour is not None:
        run.font.color.rgb = colour
    form = paragraph.paragraph_format
    paragraph.alignment = _ALIGN[line.align]
    form.space_before, form.space_after = Pt(line.before), Pt(0)
    form.keep_with_next = line.keep > 0
    if line.indent:
        form.first_line_indent = Pt(line.indent)


def _fill(cell: Any, lines: Sequence[Line]) -> None:
    """Put lines into a cell, whose first paragraph is there already."""
    for at, line in enumerate(lines):
        _line(cell.paragraphs[0] if at == 0 else cell.add_paragraph(), line)


def _columns(document: Any, block: Columns) -> None:
    table = document.add_table(rows=1, cols=len(block.parts))
    for cell, part in zip(table.rows[0].cells, block.parts, strict=True):
        _fill(cell, part)


def _grid(document: Any, block: Grid) -> None:
    section = document.sections[-1]
    usable = section.page_width - section.left_margin - section.right_margin
    table = document.add_table(rows=1, cols=len(block.heads), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    head = table.rows[0]
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    head._tr.get_or_add_trPr().append(repeated)
    _cells(head, [Line(text, block.size, "bold", "center", 0) for text in block.heads], block, usable)
    for at, texts in enumerate(block.rows):
        strong: Style = "bold" if at in block.strong else "plain"
        lines = [
            Line(text, block.size, strong, "right" if column in block.right else "left", 0)
            for column, text in enumerate(texts)
        ]
        _cells(table.add_row(), lines, block, usable)


def _cells(row: Any, lines: Sequence[Line], block: Grid, usable: int) -> None:
    for cell, line, share in zip(row.cells, lines, block.shares, strict=True):
        cell.width = round(usable * share)
        _fill(cell, [line])


def _bars(document: Any, block: Bars) -> None:
    """Bars as letters, so that they stay text; the mark stands where the target is."""
    table = document.add_table(rows=0, cols=3)
    for bar in block.bars:
        full = round(min(1.0, max(0.0, bar.share)) * _STEPS)
        drawn = list(_FULL * full + _EMPTY * (_STEPS - full))
        if bar.mark is not None:
            drawn[min(_STEPS - 1, max(0, round(bar.mark * _STEPS)))] = _MARK
        cells = table.add_row().cells
        for cell, text, size in zip(
            cells, (bar.name, "".join(drawn), bar.told), (block.size, 7, block.size), strict=True
        ):
            _fill(cell, [Line(text, size, before=2)])


def _beneath(section: Any, footer: str) -> None:
    """A footer and the page's number, which the reading program counts."""
    paragraph = section.footer.paragraphs[0]
    paragraph.text = ""
    _line(paragraph, Line(f"{footer}  ·  " if footer else "", 8, align="center", before=0))
    run = paragraph.add_run()
    run.font.size = Pt(8)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._r.append(part)


def _undated(data: bytes) -> bytes:
    """The same archive without the hour in which it was packed."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as out:
        for info in packed.infolist():
            out.writestr(
                zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0)), packed.read(info), zipfile.ZIP_DEFLATED
            )
    return held.getvalue()
