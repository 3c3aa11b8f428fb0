"""Synthetic fields that a pen filled in: printed words, figures by hand between them, wear, cut by the code that reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from engines import written_net
from engines.written_net import Stretch, View
from training.hands import Hands
from training.lines import Fonts
from training.text import Random

Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]
_EM: Final = 48
_CAPITAL: Final = 0.66  # ems
_FRAGMENTS = 700
_PRINTED = 0.10  # share of fields that are print: the net must read those too
_SUFFIXES = (
    "QĐ-UBND", "TB-UBND", "CT-UBND", "TTr-UBND", "BC-UBND", "UBND-KTTH", "UBND-NC", "KH-SYT", "SYT-NVY", "GM-SYT", "QĐ-SYT",
    "TB-STTTT", "STTTT-CNTT", "BGDĐT", "QĐ-BGDĐT", "TB-ĐT", "NQ-HĐND", "VP-TH", "STP-HCTP", "GP-SXD", "GPXD", "BTC-CST",
    "CV-BHXH", "TTg-KSTT", "HD-SNV", "PC07", "SKHĐT-ĐKKD", "GCN-SCT", "QĐ-XPHC", "TANDTC", "CĐ-UBND", "TLKT-BS", "TLKS",
    "XNTTHN", "GCN-UBND", "HĐND-VP", "QĐ-SGDĐT", "KH-UBND", "SNNPTNT-TL", "CAT-PV01",
)  # fmt: skip
_PLACES = (
    "Nội", "Giang", "Ngãi", "Nẵng", "Thọ", "Ninh", "Liêu", "Biên", "Đồng", "Thơ", "Phòng", "Tre", "Bình", "Dương", "Minh",
    "Huế", "Lắk", "Trị", "Hòa", "Trang", "Khánh", "Ranh", "An", "Hải", "Lộc", "Yên",
)  # fmt: skip
_BEFORE_DAY = (", ngày", ", ngày", " ngày", ",ngày", "Ngày")


class FieldLine(NamedTuple):
    """A field: its ink map [96, W], and the figures in it."""

    ink: written_net.Ink
    text: str


class _Fragment(NamedTuple):
    """Printed words: their mask, and the row of their baseline in it."""

    mask: Mask
    base: int


class _Frame(NamedTuple):
    """What is printed around figures; `reach` is how far behind them the reading side looks, in row heights."""

    kind: str
    before: _Fragment
    behind: _Fragment | None
    reach: float


def fields(seed: int, folder: Path) -> Iterator[FieldLine]:
    """Fields without end. The same seed gives the same fields.

    Args:
        seed: of chance.
        folder: `node_modules` with the sources of `training.hands`.
    """
    random = np.random.default_rng(seed)
    hands, fonts = Hands(random, folder), Fonts(random)
    frames = [_frame(fonts, random) for _ in range(_FRAGMENTS)]
    printed = {
        (family, digit): _print(digit, fonts.font(family, _EM))
        for family in fonts.names
        for digit in written_net.SIGNS
    }
    while True:
        frame = frames[random.integers(len(frames))]
        text = _figures(frame.kind, random)
        prints = random.random() < _PRINTED
        if prints:
            family = fonts.family()
            glyphs = [_tight(printed[family, digit].mask) for digit in text]
        else:
            glyphs = hands.signs(text)
        canvas, place = _drawn(frame, (text, glyphs), frames, random, prints=prints)
        yield FieldLine(_cut(canvas, place, frame, random), text)


def _figures(kind: str, random: Random) -> str:
    if kind in {"number", "register"}:
        count = int(random.choice([1, 2, 3, 4, 5], p=[0.08, 0.27, 0.32, 0.29, 0.04]))
        text = "".join(str(one) for one in random.integers(0, 10, count))
        if count > 1 and random.random() < 0.15:
            text = "0" + text[1:]
        if count > 1 and random.random() < 0.2:  # twins are where CTC fails
            text = text[0] + "".join(
                str(one) for one in random.choice([int(text[0]), int(text[-1])], count - 1)
            )
        return text
    if kind == "whole":  # a register's number with its year
        return f"{random.integers(1, 10 ** int(random.integers(1, 4)))}/{random.integers(1990, 2027)}"
    if kind == "date":
        day, month = (
            f"{one:02d}" if random.random() < 0.6 else str(one)
            for one in (random.integers(1, 32), random.integers(1, 13))
        )
        return f"{day}/{month}/{random.integers(1945, 2027)}"
    if kind == "year":
        return str(random.integers(1976, 2027))
    largest = 31 if kind == "day" else 12
    number = int(random.integers(1, largest + 1))
    return str(number) if random.random() < 0.42 else f"{number:02d}"


def _frame(fonts: Fonts, random: Random) -> _Frame:
    family = fonts.family()
    chance = random.random()

    def said(text: str, style: str) -> _Fragment:
        return _print(text, fonts.styled(family, style, _EM))

    if chance < 0.08:
        label = str(random.choice(["Ngày cấp:", "ngày sinh:", "đăng ký:", "ngày", "từ ngày"]))
        return _Frame("date", said(label, "Regular"), None, 0.6)
    if chance < 0.5:
        style = "Regular" if random.random() < 0.8 else "Bold"
        before = said(str(random.choice(["Số:", "Số: ", "Số :", "Số", "số:", "Số.", "Mã số:"])), style)
        if random.random() < 0.16:
            return _Frame("whole", before, None, 0.6)
        if random.random() < 0.12:
            return _Frame("register", before, None, 0.6)
        if random.random() < 0.12:
            return _Frame("register", before, said(f"/{random.integers(1990, 2027)}", style), 0.35)
        slash = str(random.choice(["/", "/", "/", "/ ", " /"]))
        return _Frame("number", before, said(slash + str(random.choice(_SUFFIXES)), style), 1.1)
    style = str(random.choice(["Italic", "Italic", "Italic", "BoldItalic", "Regular"]))
    if chance < 0.75:
        before = said(str(random.choice(_PLACES)) + str(random.choice(_BEFORE_DAY)), style)
        month = str(random.choice(["", "1", "2", "3", "02", "10", "11", "12"]))
        return _Frame("day", before, said("tháng " + month, style), 0.7)
    if chance < 0.92:
        before = said(str(random.choice(["", "1", "20", "15", "04"])) + " tháng", style)
        return _Frame("month", before, said("năm 20" + str(random.integers(10, 27)), style), 0.7)
    return _Frame("year", said("tháng " + str(random.integers(1, 13)) + " năm", style), None, 0.5)


def _print(text: str, font: ImageFont.FreeTypeFont) -> _Fragment:
    image = Image.new("L", (int(font.getlength(text)) + 14, 2 * _EM), 0)
    ImageDraw.Draw(image).text((4, _EM // 3), text, font=font, fill=255)
    return _Fragment(np.asarray(image), _EM // 3 + font.getmetrics()[0])


def _tight(mask: Mask) -> Mask:
    rows, columns = np.flatnonzero(mask.max(1) > 60), np.flatnonzero(mask.max(0) > 60)
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _drawn(
    frame: _Frame, signs: tuple[str, list[Mask]], frames: list[_Frame], random: Random, *, prints: bool
) -> tuple[Mask, Stretch]:
    """Ink of a field with its surroundings (255 ink), and where the reading side would look for it."""
    base, high = int(2.9 * _EM), int(5.4 * _EM)
    sized = _sized(*signs, random, prints=prints)
    pitch = 1.0 if prints else random.uniform(-0.07, 0.22) * _EM
    before = (0.25 if prints else random.uniform(-0.15, 0.9)) * _EM
    behind = (0.15 if prints else random.uniform(-0.15, 1.1)) * _EM
    across = sum(glyph.shape[1] + max(0.0, pitch) for glyph in sized)
    room = (
        frame.before.mask.shape[1]
        + across
        + 2 * _EM
        + (frame.behind.mask.shape[1] if frame.behind else 2 * _EM)
    )
    canvas = np.zeros((high, int(room) + 120), np.uint8)
    _put(canvas, frame.before.mask, 0, base - frame.before.base)
    start = frame.before.mask.shape[1] - 10
    x, sunk = start + before, 0.0 if prints else random.normal(0, 0.1) * _EM
    slope, tone = (0.0, 1.0) if prints else (random.normal(0, 0.03) * _EM, random.uniform(0.42, 1.0))
    for order, glyph in enumerate(sized):
        wobble = 0.0 if prints else random.normal(0, 0.03) * _EM + slope * order
        _put(canvas, (glyph * tone).astype(np.uint8), x, base - glyph.shape[0] + sunk + wobble)
        x += glyph.shape[1] + pitch + (0.0 if prints else random.normal(0, 0.03) * _EM)
    end = max(x - pitch, start + 4.0)
    if frame.behind is not None:
        end = max(end + behind, start + 4.0)
        _put(canvas, frame.behind.mask, end - 4, base - frame.behind.base)
    _neighbours(canvas, frames, base, (start, end), random)
    tall = random.uniform(1.0, 1.2) * _EM
    top = base - random.uniform(0.76, 0.92) * _EM
    return canvas, Stretch(top, top + tall, start, end)


def _sized(text: str, glyphs: list[Mask], random: Random, *, prints: bool) -> list[Mask]:
    scale = 1.0 if prints else random.uniform(0.75, 1.8)
    found = []
    for sign, glyph in zip(text, glyphs, strict=True):
        large = scale * (1.2 if sign == "/" else 1.0)
        tall = max(8, int(_CAPITAL * _EM * large * (1.0 if prints else random.uniform(0.88, 1.12))))
        wide = max(
            3, int(glyph.shape[1] * tall / glyph.shape[0] * (1.0 if prints else random.uniform(0.9, 1.1)))
        )
        found.append(cast(Mask, cv2.resize(glyph, (wide, tall), interpolation=cv2.INTER_AREA)))
    return found


def _neighbours(
    canvas: Mask, frames: list[_Frame], base: int, field: tuple[float, float], random: Random
) -> None:
    """Lines above and below, dots that a pen writes on, rules, the arc of a seal."""
    for side in (-1, 1):
        if random.random() < 0.6:
            other = frames[random.integers(len(frames))].before
            _put(
                canvas,
                other.mask,
                random.uniform(-60, 160),
                base + side * random.uniform(1.1, 1.8) * _EM - other.base,
            )
    start, end = (int(one) for one in field)
    if random.random() < 0.16:
        for x in range(start, end, int(random.integers(6, 14))):
            cv2.circle(canvas, (x, base - 1), int(random.integers(1, 3)), 200.0, -1)
    if random.random() < 0.14:
        y = int(
            random.choice([base - _EM - random.integers(0, 14), base + 0.42 * _EM + random.integers(0, 14)])
        )
        shade = random.uniform(100, 255)
        cv2.line(
            canvas,
            (0, y),
            (canvas.shape[1], y + int(random.integers(-2, 3))),
            shade,
            int(random.integers(1, 4)),
        )
    if random.random() < 0.08:
        x = int(random.integers(0, canvas.shape[1]))
        cv2.line(
            canvas, (x, 0), (x + int(random.integers(-3, 4)), canvas.shape[0]), random.uniform(60, 220), 2
        )
    if random.random() < 0.1:
        centre = (
            int(random.uniform(-100, canvas.shape[1] + 100)),
            int(random.uniform(-80, canvas.shape[0] + 80)),
        )
        ghost = np.zeros_like(canvas)
        cv2.circle(
            ghost, centre, int(random.integers(70, 220)), random.uniform(40, 130), int(random.integers(3, 8))
        )
        np.maximum(canvas, ghost, out=canvas)


def _put(canvas: Mask, mask: Mask, x: float, y: float) -> None:
    left, top = int(x), int(y)
    high, wide = mask.shape
    up, down = max(0, top), min(canvas.shape[0], top + high)
    begin, end = max(0, left), min(canvas.shape[1], left + wide)
    if down > up and end > begin:
        part = canvas[up:down, begin:end]
        np.maximum(part, mask[up - top : down - top, begin - left : end - left], out=part)


def _cut(canvas: Mask, place: Stretch, frame: _Frame, random: Random) -> written_net.Ink:
    """The field as a scanner takes it, cut as the reading side cuts it, a little beside the mark."""
    high = place.bottom - place.top
    shrunk = random.uniform(0.38, 1.0)
    worn = _worn(canvas, shrunk, random)
    moved = Stretch(
        place.top * shrunk,
        place.bottom * shrunk,
        max(0.0, place.left - random.uniform(0.1, 1.0) * high) * shrunk,
        (place.right + max(0.1, frame.reach + random.uniform(-0.5, 0.6)) * high) * shrunk,
    )
    return written_net.crop(worn, moved, View(0.0, 0.0, 1.4 * random.uniform(0.88, 1.12)))


def _worn(canvas: Mask, shrunk: float, random: Random) -> Grey:
    high, wide = canvas.shape
    ink = canvas.astype(np.float32)
    if random.random() < 0.5:
        turn = cv2.getRotationMatrix2D((wide / 2, high / 2), random.normal(0, 0.8), 1.0)
        ink = cv2.warpAffine(ink, turn, (wide, high)).astype(np.float32)
    size = (max(8, int(wide * shrunk)), max(8, int(high * shrunk)))
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    if random.random() < 0.5:
        ink = cv2.GaussianBlur(ink, (0, 0), random.uniform(0.3, 0.95)).astype(np.float32)
    chance = random.random()
    if chance < 0.35:  # black and white
        level = random.uniform(60, 150)
        ink = np.where(ink + random.normal(0, random.uniform(0, 18), ink.shape) > level, 255.0, 0.0).astype(
            np.float32
        )
        if random.random() < 0.4:
            ink[random.random(ink.shape) < random.uniform(0, 0.004)] = 255.0
    elif chance < 0.9:
        ink = (ink * random.uniform(0.45, 1.0) + random.normal(0, random.uniform(0, 12), ink.shape)).astype(
            np.float32
        )
    return np.clip(255.0 - ink, 0, 255).astype(np.uint8)
