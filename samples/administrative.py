"""Header and signature of administrative papers, as NĐ 30/2020 and its forerunners place them."""

from __future__ import annotations

from dataclasses import replace

from samples.composer import Block, Composer, natural_mm
from samples.sheet import Box, Sheet
from samples.typeset import Style

NATIONAL = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")


def _header(composer: Composer, block: Block) -> None:
    """Agency left, national title right, number and date (or subject) below: NĐ 30/2020, boxes 1 to 4."""
    sheet, top = composer.sheet, composer.y
    split = float(block.get("split", 0.42))
    left_width = composer.width * split + 6
    right_left = composer.left + composer.width * split + 4
    right_width = composer.width * (1 - split) - 2
    small = Style(composer.setup.family, float(block.get("head_size", 12.5)), align="center", leading=1.22)
    national = block.get("right", NATIONAL)
    while natural_mm(sheet, national[0], replace(small, bold=True)) > right_width - 1:
        small = replace(small, size=small.size - 0.25)
    y = top
    for line in block["left"]:
        y = composer.still(line, small, composer.left - 6, left_width, y)
    middle = composer.left - 6 + left_width / 2
    sheet.rule(middle - left_width * 0.17, y + 1.4, middle + left_width * 0.17, y + 1.4, 0.75)
    left_y = y + 2.6
    y = composer.still(f"**{national[0]}**", small, right_left, right_width, top)
    second = replace(small, size=small.size + 1)
    half = natural_mm(sheet, national[1], replace(second, bold=True)) / 2
    y = composer.still(f"**{national[1]}**", second, right_left, right_width, y)
    centre = right_left + right_width / 2
    sheet.rule(centre - half, y + 1.2, centre + half, y + 1.2, 0.75)
    y = max(left_y, y + 2.6) + 0.8
    bottom = y
    if block.get("number"):
        start = len(sheet.lines)
        bottom = composer.still(block["number"], replace(small, size=13), composer.left - 6, left_width, y)
        _anchor_last(composer, "number", start)
    if block.get("subject"):
        subject = replace(small, size=12)
        bottom = composer.still(block["subject"], subject, composer.left - 5, left_width - 2, bottom + 0.6)
    if block.get("date"):
        dated = Style(composer.setup.family, 13.5, italic=True, align="center")
        while natural_mm(sheet, block["date"], dated) > right_width and dated.size > 10:
            dated = replace(dated, size=dated.size - 0.25)
        bottom = max(bottom, composer.still(block["date"], dated, right_left, right_width, y))
    sheet.anchor("head", (sheet.px(composer.left - 6), sheet.px(bottom + 1), sheet.px(composer.left + 60), 0))
    composer.y = bottom + float(block.get("after", 5))


def _anchor_last(composer: Composer, name: str, start: int) -> None:
    for line in composer.sheet.lines[start:]:
        composer.sheet.anchor(name, line.box)


def _signature(composer: Composer, block: Block) -> None:
    """Recipients or a second signer left; titles, room for signature and seal, name right."""
    titles: list[str] = block["titles"]
    space_mm = float(block.get("space", 27))
    small = Style(composer.setup.family, 11, leading=1.2)
    title = Style(
        composer.setup.family, float(block.get("size", 13.5)), bold=True, align="center", leading=1.22
    )
    head: list[str] = block.get("before", [])
    height = (len(titles) + len(head) + 1) * title.line_mm() + space_mm
    height = max(height, len(block.get("left", [])) * small.line_mm())
    composer.y += float(block.get("lead", 3))
    composer.room(height)
    sheet, top = composer.sheet, composer.y
    split = float(block.get("split", 0.5))
    left_width = composer.width * split - 4
    right_left = composer.left + composer.width * split
    right_width = composer.width - composer.width * split + 4
    y = top
    for number, line in enumerate(block.get("left", [])):
        face = Style(composer.setup.family, 12, bold=True, italic=True) if number == 0 else small
        y = composer.still(line, face, composer.left, left_width, y)
    signers = (
        [[line] for line in block["left_pair"]] if "left_pair" in block else [block.get("left_titles", [])]
    )
    part = left_width / len(signers)
    for number, lines in enumerate(signers):
        if not lines:
            continue
        below, x = top, composer.left + number * part
        for line in lines:
            below = composer.still(line, title, x, part, below)
        sheet.anchor("second_signature", _signing_box(sheet, x, part, below, space_mm))
        if block.get("left_name"):
            below = composer.still(block["left_name"], title, x, part, below + space_mm)
        y = max(y, below)
    right_y = top
    for line in head:
        plain = Style(composer.setup.family, title.size, italic=True, align="center")
        right_y = composer.still(line, plain, right_left, right_width, right_y)
    for line in titles:
        right_y = composer.still(line, title, right_left, right_width, right_y)
    if block.get("note"):
        note = Style(composer.setup.family, 11, italic=True, align="center")
        right_y = composer.still(block["note"], note, right_left, right_width, right_y)
    sheet.anchor("signature", _signing_box(sheet, right_left, right_width, right_y, space_mm))
    right_y = composer.still(block["name"], title, right_left, right_width, right_y + space_mm)
    composer.y = max(y, right_y) + 2


def _signing_box(sheet: Sheet, left: float, width: float, y: float, height: float) -> Box:
    return (sheet.px(left), sheet.px(y), sheet.px(left + width), sheet.px(y + height))


DRAWERS = {"header": _header, "signature": _signature}
"""Block types of this module, for `samples.composer.register`."""
