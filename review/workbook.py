"""Writes the review workbook: one question per row, with its picture, the value read, the reasons and cells to fill in.

`review.filled` reads it back. Only yellow cells can be edited; a hidden column identifies the question of a row and what
was shown.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from engines.private_files import whole_file
from review.drop_downs import (
    ANSWER,
    COLUMNS,
    CONFIDENCE,
    IDENTITY,
    ITEM,
    NOTE,
    ORDINAL,
    PAPER,
    READ,
    VALUE,
    WHY,
    Lists,
    in_language,
    put,
    term,
)
from review.keying import answers_line
from review.labels import digest_of_prefill, name_of, prefill_of, shown_value
from review.questions import NOTHING, Question, Waiting
from schemas.numerals import day_text
from schemas.review import UNIT, picture_of
from schemas.rules import Rulebook
from schemas.wording import render, text

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SHEET: Final = term("sheet", "vi")
WHO: Final = term("who", "vi")
HEAD_ROW: Final = 4
MARK: Final = "sohoa-review-1"
# Stands for the document in the row that answers for every paper of the batch.
EVERY_PAPER: Final = "0" * 32
MOST_ROWS: Final = 500
_WIDTHS: Final = (6, 58, 22, 17, 24, 8, 34, 20, 27, 18, 10)
_PICTURE_PIXELS: Final = 400
_MOST_HEIGHT: Final = 290
_FONT: Final = "Arial"  # drawn by Liberation Sans where Arial is not; both have every Vietnamese letter
_EMU: Final = 9525  # English metric units a pixel, which drawings are placed in
_FILL, _HEAD, _BAND, _LINE, _DEAD = "FFF8DC", "1F4E68", "F4F7F9", "9FB4C0", "E4E4E4"


def parts(papers: Sequence[Waiting]) -> list[list[Waiting]]:
    """Distribute papers over workbooks of at most `MOST_ROWS` questions, so that they stay small; no paper is divided."""
    done: list[list[Waiting]] = [[]]
    rows = 0
    for paper in papers:
        if done[-1] and rows + len(paper.questions) > MOST_ROWS:
            done.append([])
            rows = 0
        done[-1].append(paper)
        rows += len(paper.questions)
    return done


def write_workbook(
    path: Path,
    batch: str,
    papers: Sequence[Waiting],
    pictures: Mapping[tuple[str, str, int], bytes],
    rules: Rulebook,
    day: date,
    operator: str = "",
    without_unit: int = 0,
    lang: str = "vi",
) -> Path:
    """Write one workbook atomically, readable by its owner alone.

    Args:
        path: the workbook.
        batch: name of the batch.
        papers: papers with the questions asked here.
        pictures: crops by (document, target, page).
        rules: kinds, units, codes.
        day: today, as shown.
        operator: written into the cell for the reviewer's name.
        lang: `vi` or `en`.
        without_unit: papers of the batch whose unit is unknown; if there are any, the first row asks for it, once.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = term("sheet", lang)
    _head(sheet, batch, papers, day, operator, lang)
    lists = Lists(book, rules, lang)
    row = HEAD_ROW
    if without_unit:
        row += 1
        _unit_row(sheet, row, without_unit, lang)
        lists.offer_units(sheet, row)
    for number, paper in enumerate(papers):
        for at, question in enumerate(paper.questions):
            row += 1
            _row(sheet, row, paper, question, rules, lang=lang, shaded=number % 2 == 1, first=at == 0)
            lists.offer(sheet, row, paper, question)
            page = question.page or 0
            _picture(sheet, row, pictures.get((question.document_id, question.target, page)), lang)
    _finish(sheet)
    _guide(book, lang)
    with whole_file(path) as out:
        book.save(out)
    return path


def identity_of(question: Question, version: int, prefill: str) -> str:
    """The hidden column's content: paper, its version, target, digest of what is shown, digest of the prefilled cell."""
    shown = f"{question.document_id}|{version}|{question.target}|{question.shown}"
    return f"{shown}|{digest_of_prefill(prefill)}" if prefill else shown


def _head(
    sheet: Worksheet, batch: str, papers: Sequence[Waiting], day: date, operator: str, lang: str
) -> None:
    questions = sum(len(paper.questions) for paper in papers)
    put(sheet.cell(1, 1), term("title", lang, batch=batch))
    sheet.cell(1, 1).font = Font(name=_FONT, bold=True, size=15, color=_HEAD)
    put(
        sheet.cell(2, 1),
        term(
            "summary",
            lang,
            papers=len(papers),
            questions=questions,
            day=day_text(day, lang),
            guide=term("guide", lang),
        ),
    )
    sheet.cell(2, 1).font = Font(name=_FONT, bold=False)
    put(sheet.cell(3, 1), term("who", lang))
    sheet.cell(3, 1).font = Font(name=_FONT, bold=True)
    sheet.merge_cells(start_row=3, start_column=3, end_row=3, end_column=5)
    who = sheet.cell(3, 3)
    put(who, operator)
    who.font = Font(name=_FONT, bold=True)
    for column in (3, 4, 5):
        sheet.cell(3, column).fill = PatternFill("solid", fgColor=_FILL)
        sheet.cell(3, column).border = _border()
        sheet.cell(3, column).protection = Protection(locked=False)
    put(sheet.cell(3, COLUMNS.index(IDENTITY) + 1), f"{MARK}|{batch}")
    for row, height in ((1, 26), (2, 20), (3, 22), (HEAD_ROW, 24)):
        sheet.row_dimensions[row].height = height
    for column, (name, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=True), start=1):
        cell = sheet.cell(HEAD_ROW, column)
        put(cell, in_language(name, lang))
        cell.font = Font(name=_FONT, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=_HEAD)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _border(top: bool = False) -> Any:
    thin = Side(style="thin", color=_LINE)
    return Border(left=thin, right=thin, bottom=thin, top=Side(style="medium", color=_HEAD) if top else thin)


def _row(
    sheet: Worksheet,
    row: int,
    paper: Waiting,
    question: Question,
    rules: Rulebook,
    *,
    lang: str,
    shaded: bool,
    first: bool,
) -> None:
    answerable = question.target != NOTHING
    document = paper.row.document
    kind = rules.kind(document.kind)
    title = kind.title if kind else term("kind_unknown", lang)
    where = term("where", lang, file=paper.row.file, page=question.page or document.pages[0], kind=title)
    prefill = prefill_of(question, paper, rules, lang)
    cells = {
        ORDINAL: str(row - HEAD_ROW),
        PAPER: where,
        ITEM: name_of(question, lang) + (" *" if question.required else ""),
        READ: shown_value(question, rules, lang),
        CONFIDENCE: "" if question.confidence is None else f"{round(100 * question.confidence)} %",
        WHY: "\n".join(_why(question, lang)),
        ANSWER: "" if answerable else term("no_answer_here", lang),
        VALUE: prefill,
        NOTE: "",
        IDENTITY: identity_of(question, paper.row.version, prefill),
    }
    open_cells = {ANSWER, NOTE, VALUE} if picture_of(question.target) is None else {ANSWER, NOTE}
    _fill(sheet, row, cells, open_cells if answerable else set(), shaded=shaded, first=first)


def _unit_row(sheet: Worksheet, row: int, papers: int, lang: str) -> None:
    """The row that asks for the unit of every paper of the batch that has none."""
    cells = {
        ORDINAL: str(row - HEAD_ROW),
        PAPER: term("whole_batch", lang, papers=papers),
        ITEM: text(f"field.{UNIT}", lang),
        WHY: text("review.unit_of_batch", lang),
        IDENTITY: f"{EVERY_PAPER}|0|{UNIT}|{'0' * 12}",
    }
    _fill(sheet, row, cells, {VALUE, NOTE}, shaded=False, first=True)
    _picture(sheet, row, None, lang)


def _fill(
    sheet: Worksheet, row: int, cells: Mapping[str, str], open_cells: set[str], *, shaded: bool, first: bool
) -> None:
    for column, name in enumerate(COLUMNS, start=1):
        cell = sheet.cell(row, column)
        cell.number_format = "@"
        if cells.get(name):
            put(cell, cells[name])
        open_cell = name in open_cells
        colour = (
            _FILL if open_cell else _DEAD if name in {ANSWER, VALUE, NOTE} else _BAND if shaded else "FFFFFF"
        )
        cell.fill = PatternFill("solid", fgColor=colour)
        cell.border = _border(first)
        cell.protection = Protection(locked=not open_cell)
        middle = name in {ORDINAL, CONFIDENCE}
        cell.alignment = Alignment(
            wrap_text=True,
            vertical="center",
            horizontal="center" if middle else "left",
            indent=0 if middle else 1,
        )
        cell.font = Font(name=_FONT, bold=name in {ITEM, VALUE})


def _why(question: Question, lang: str) -> list[str]:
    sentences = []
    for reason in question.reasons:
        message, remedy = render(reason, lang)
        sentences.append(f"{message} {remedy}" if question.target == NOTHING and remedy else message)
    if (both := answers_line(question, lang)) is not None:
        sentences.append(both)
    return list(dict.fromkeys(sentences))


def _picture(sheet: Worksheet, row: int, data: bytes | None, lang: str) -> None:
    least = 66
    if data is None:
        put(sheet.cell(row, 2), term("no_picture", lang))
        sheet.row_dimensions[row].height = least
        return
    image = Image(io.BytesIO(data))
    scale = min(_PICTURE_PIXELS / image.width, _MOST_HEIGHT / image.height)
    width, height = round(image.width * scale), round(image.height * scale)
    gap = 4 * _EMU
    start = AnchorMarker(col=1, colOff=gap, row=row - 1, rowOff=gap)
    size = XDRPositiveSize2D(width * _EMU, height * _EMU)
    image.anchor = OneCellAnchor(_from=start, ext=size)
    sheet.add_image(image)
    sheet.row_dimensions[row].height = max(least, 0.75 * (height + 10))


def _finish(sheet: Worksheet) -> None:
    sheet.column_dimensions[get_column_letter(len(COLUMNS))].hidden = True
    sheet.freeze_panes = f"A{HEAD_ROW + 1}"
    sheet.sheet_view.zoomScale = 90
    sheet.sheet_view.showGridLines = False
    guard = sheet.protection
    guard.sheet = True
    guard.formatColumns = guard.formatRows = False
    page = sheet.page_setup
    page.orientation, page.paperSize, page.fitToWidth, page.fitToHeight = "landscape", 9, 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    margins = sheet.page_margins
    margins.left = margins.right = margins.top = margins.bottom = 0.3


def _guide(book: Workbook, lang: str) -> None:
    sheet = book.create_sheet(term("guide", lang), 1)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 96
    for row, (left, right) in enumerate(guide_lines(lang), start=1):
        put(sheet.cell(row, 1), left)
        put(sheet.cell(row, 2), right)
        head = row == 1
        for column in (1, 2):
            cell = sheet.cell(row, column)
            cell.alignment = Alignment(wrap_text=True, vertical="center", indent=1)
            cell.font = Font(name=_FONT, bold=head or column == 1, color="FFFFFF" if head else "000000")
            cell.border = _border()
            if head:
                cell.fill = PatternFill("solid", fgColor=_HEAD)
        # A row's height is never found by itself in a file; one line holds about 110 letters.
        sheet.row_dimensions[row].height = 8 + 15 * -(-len(right) // 110)
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def guide_lines(lang: str = "vi") -> list[tuple[str, str]]:
    """Lines of the guide: heading and text."""
    keys = (
        "what",
        "who",
        "value",
        "unit_of_batch",
        "read_right",
        "as_printed",
        "not_there",
        "picture",
        "empty",
        "date",
        "digits",
    )
    more = ("columns", "save", "again")
    return [
        (text(f"review_guide.{key}_head", lang), text(f"review_guide.{key}", lang)) for key in (*keys, *more)
    ]
