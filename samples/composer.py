"""Blocks of a template onto pages: title, text, form rows, tables, columns.

A composer keeps the place on the page and starts a new one when a line no longer fits. Millimetres
throughout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from samples.sheet import BLACK, RED, Ink, Sheet
from samples.typeset import (
    Align,
    Style,
    draw_paragraph,
    layout,
    line_width,
    place_line,
    space_width,
    words_of,
)

Block = Mapping[str, Any]
_DOT_GREY: Ink = (92, 92, 98)
INKS = {"black": BLACK, "red": RED}


@dataclass
class Setup:
    """Page size, margins (left, top, right, bottom) and type of a paper."""

    size: tuple[float, float] = (210.0, 297.0)
    margins: tuple[float, float, float, float] = (30.0, 20.0, 17.0, 20.0)
    family: str = "tinos"
    font_size: float = 13.5
    dpi: int = 300
    pen_fields: frozenset[str] = frozenset()
    page_numbers: bool = True
    gaps: bool = False
    dots: str = "after"


@dataclass
class Composer:
    """The pages of one paper while they are set."""

    setup: Setup
    sheets: list[Sheet] = field(default_factory=list)
    y: float = 0.0

    def __post_init__(self) -> None:
        """Open the first page."""
        self.new_page()

    @property
    def sheet(self) -> Sheet:
        """The page being set."""
        return self.sheets[-1]

    @property
    def left(self) -> float:
        """Left edge of the text."""
        return self.setup.margins[0]

    @property
    def width(self) -> float:
        """Width of the text."""
        return self.setup.size[0] - self.setup.margins[0] - self.setup.margins[2]

    @property
    def floor(self) -> float:
        """Lowest place for text."""
        return self.setup.size[1] - self.setup.margins[3]

    def style(self, block: Block, size: float | None = None, align: Align = "left") -> Style:
        """Style of a block, with the paper's own type as default."""
        return Style(
            family=self.setup.family,
            size=float(block.get("size", size or self.setup.font_size)),
            bold=bool(block.get("bold", False)),
            italic=bool(block.get("italic", False)),
            align=block.get("align", align),
            leading=float(block.get("leading", 1.25)),
            ink=INKS[block.get("ink", "black")],
        )

    def new_page(self) -> None:
        """Start a page; from the second on its number stands centred at the top."""
        sheet = Sheet.empty(self.setup.size, self.setup.dpi)
        sheet.pens, sheet.gaps = self.setup.pen_fields, self.setup.gaps
        self.sheets.append(sheet)
        self.y = self.setup.margins[1]
        number = len(self.sheets)
        if number > 1 and self.setup.page_numbers:
            style = Style(self.setup.family, 13, align="center")
            draw_paragraph(self.sheet, str(number), self.left, self.width, max(8.0, self.y - 9), style)

    def room(self, height: float) -> None:
        """Make sure that so much height is left on the page."""
        if self.y + height > self.floor and self.y > self.setup.margins[1] + 1:
            self.new_page()

    def paragraph(self, markup: str, style: Style, left: float, width: float, indent: float = 0.0) -> None:
        """A paragraph that may run over pages."""
        for line, last, first in layout(self.sheet, markup, width, style, indent):
            self.room(style.line_mm())
            self.y = place_line(self.sheet, line, left, width, self.y, style, indent if first else 0.0, last)

    def still(self, markup: str, style: Style, left: float, width: float, y: float) -> float:
        """A paragraph at a given place of this page; the composer's own place does not move."""
        return draw_paragraph(self.sheet, markup, left, width, y, style)


def draw_block(composer: Composer, block: Block) -> None:
    """Set one block.

    Raises:
        KeyError: the template names a block type that does not exist.
    """
    _BLOCKS[block["type"]](composer, block)


def natural_mm(sheet: Sheet, text: str, style: Style) -> float:
    """Width of a text on one line."""
    return line_width(words_of(text, style, sheet), space_width(style, sheet)) * 25.4 / sheet.dpi


def _title(composer: Composer, block: Block) -> None:
    sizes = block.get("sizes", [])
    for number, line in enumerate(block["lines"]):
        style = composer.style(block, sizes[number] if number < len(sizes) else 14, "center")
        composer.paragraph(line, replace(style, align="center"), composer.left, composer.width)
    if block.get("rule"):
        middle = composer.left + composer.width / 2
        composer.sheet.rule(middle - 17, composer.y + 1.6, middle + 17, composer.y + 1.6, 0.75)
        composer.y += 3
    composer.y += float(block.get("after", 3))


def _text(composer: Composer, block: Block) -> None:
    style = composer.style(block, align="justify")
    left = composer.left + float(block.get("inset", 0))
    width = composer.width - float(block.get("inset", 0)) - float(block.get("inset_right", 0))
    indent = float(block.get("indent", 10))
    for line in block["lines"]:
        composer.paragraph(line, style, left, width, indent)
        composer.y += float(block.get("gap", 1.6))


def _form(composer: Composer, block: Block) -> None:
    """Rows of `label|value[|share]` cells.

    With `dots = true` the paper's own habit decides where leaders stand (`under` the value as on pre-printed
    forms, `after` it as typists leave them, or nowhere: `none`); a block may name one of the three.
    """
    wanted = block.get("dots", "none")
    dots = composer.setup.dots if wanted is True else str(wanted)
    left = composer.left + float(block.get("inset", 0))
    width = composer.width - float(block.get("inset", 0))
    for row in block["rows"]:
        cells = [row] if isinstance(row, str) else list(row)
        shares = _shares(cells)
        style = composer.style(block)
        composer.room(style.line_mm())
        start_y, deepest, x = composer.y, composer.y, left
        for cell, share in zip(cells, shares, strict=True):
            deepest = max(deepest, _cell(composer, cell, x, width * share - 2, start_y, style, dots))
            x += width * share
        composer.y = deepest + float(block.get("gap", 1.0))


def _shares(cells: Sequence[str]) -> list[float]:
    given = [float(cell.split("|")[2]) if cell.count("|") > 1 else None for cell in cells]
    rest = 1.0 - sum(share for share in given if share is not None)
    free = sum(share is None for share in given)
    return [share if share is not None else rest / free for share in given]


def _cell(composer: Composer, cell: str, x: float, width: float, y: float, style: Style, dots: str) -> float:
    label, _, value = cell.partition("|")
    value = value.partition("|")[0]
    sheet = composer.sheet
    start = len(sheet.lines)
    bottom = composer.still(f"{label} {value}".strip(), style, x, width, y)
    if dots == "none" or "|" not in cell:
        return bottom
    rows = max(1, len(sheet.lines) - start)
    below = style.size * 0.98 * 25.4 / 72 + (0.85 if dots == "under" else 0.0)
    for row in range(rows):
        baseline = y + row * style.line_mm() + below
        if dots == "under":
            label_mm = natural_mm(sheet, label, style) + 1 if row == 0 else 0.0
            sheet.dots(x + label_mm, x + width, baseline, _DOT_GREY)
        elif row == rows - 1:
            end = sheet.lines[-1].box[2] * 25.4 / sheet.dpi if len(sheet.lines) > start else x
            sheet.dots(end + 0.8, x + width, baseline)
    return bottom


def _table(composer: Composer, block: Block) -> None:
    """A ruled table; the head is repeated on each page."""
    style = composer.style(block, 12)
    widths = [float(width) for width in block["widths"]]
    scale = composer.width / sum(widths)
    widths = [width * scale for width in widths]
    aligns: list[Align] = list(block.get("aligns", ["left"] * len(widths)))
    head: list[str] = list(block.get("head", []))

    def row(cells: Sequence[str], bold: bool) -> None:
        sheet = composer.sheet
        styles = [replace(style, bold=bold, align="center" if bold else align) for align in aligns]
        count = [
            len(layout(sheet, cell, width - 3, face))
            for cell, width, face in zip(cells, widths, styles, strict=True)
        ]
        height = max(1, *count) * style.line_mm() + 2.0
        if composer.y + height > composer.floor:
            composer.new_page()
            if head and not bold:
                row(head, bold=True)
            sheet = composer.sheet
        x, top = composer.left, composer.y
        for cell, width, face, lines in zip(cells, widths, styles, count, strict=True):
            sheet.frame(x, top, x + width, top + height, 0.5)
            offset = (height - lines * style.line_mm()) / 2 if bold or face.align == "center" else 1.0
            composer.still(cell, face, x + 1.5, width - 3, top + offset - 0.3)
            x += width
        composer.y = top + height

    if head:
        row(head, bold=True)
    for cells in block["rows"]:
        row(cells, bold=False)
    composer.y += float(block.get("after", 4))


def _columns(composer: Composer, block: Block) -> None:
    """Two columns of blocks that start at the same height."""
    split = float(block.get("split", 0.5))
    gutter = float(block.get("gutter", 6))
    setup, top, deepest = composer.setup, composer.y, composer.y
    margins = setup.margins
    whole = composer.width
    for side, name in enumerate(("left", "right")):
        composer.y = top
        if side == 0:
            composer.setup = replace(
                setup,
                margins=(margins[0], margins[1], margins[2] + whole * (1 - split) + gutter / 2, margins[3]),
            )
        else:
            composer.setup = replace(
                setup, margins=(margins[0] + whole * split + gutter / 2, margins[1], margins[2], margins[3])
            )
        for inner in block[name]:
            draw_block(composer, inner)
        deepest = max(deepest, composer.y)
    composer.setup = setup
    composer.y = deepest
    if block.get("rule"):
        middle = margins[0] + whole * split
        composer.sheet.rule(middle, top, middle, deepest, 0.5)


def _gap(composer: Composer, block: Block) -> None:
    composer.y += float(block["mm"])


def _page(composer: Composer, block: Block) -> None:
    del block
    composer.new_page()


def _place(composer: Composer, block: Block) -> None:
    """Text at a fixed place of the page: `x`, `y`, `width` in millimetres."""
    style = composer.style(block)
    y = float(block["y"])
    for line in block["lines"]:
        y = composer.still(line, style, float(block["x"]), float(block["width"]), y)


_BLOCKS = {
    "title": _title,
    "text": _text,
    "form": _form,
    "table": _table,
    "columns": _columns,
    "gap": _gap,
    "page": _page,
    "place": _place,
}


def register(name: str, drawer: Any) -> None:
    """Let another module add a block type (see `samples.administrative`, `samples.ornaments`)."""
    _BLOCKS[name] = drawer
