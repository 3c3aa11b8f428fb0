"""Pages as a reading would bring them, laid out by hand for tests of understanding; no test lives here."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.reading import Box, PageReading, PageState, Rotation, Word

WIDTH, HEIGHT = 2480, 3508
_LETTER, _LINE = 22, 46

# (text, centre of the line as a share of the width, top as a share of the height)
Row = tuple[str, float, float]
NATIONAL: tuple[Row, ...] = (
    ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 0.70, 0.060),
    ("Độc lập - Tự do - Hạnh phúc", 0.70, 0.080),
)


def page(rows: Sequence[Row], number: int = 1, confidence: float = 0.97, source: str = "ocr") -> PageReading:
    """A page of lines; every letter is equally wide."""
    words: list[Word] = []
    for at, (text, middle, top) in enumerate(rows):
        left = middle * WIDTH - len(text) * _LETTER / 2
        y = int(top * HEIGHT)
        for part in text.split(" "):
            if part:
                box = Box(int(left), y, int(left + len(part) * _LETTER), y + _LINE)
                words.append(Word(part, confidence, box, at, at))
            left += (len(part) + 1) * _LETTER
    return PageReading(
        number=number,
        state=PageState.READ if words else PageState.BLANK,
        width=WIDTH,
        height=HEIGHT,
        dpi=300.0,
        confidence=confidence if words else None,
        words=tuple(words),
        source="text_layer" if source == "text_layer" else "ocr",
    )


def turned(upright: PageReading, rotation: Rotation) -> PageReading:
    """The same page as it lies in a scan that must be turned clockwise by `rotation` to be read."""
    width, height = upright.width, upright.height
    sideways = rotation in {90, 270}

    def moved(box: Box) -> Box:
        if rotation == 90:
            return Box(box.top, width - box.right, box.bottom, width - box.left)
        if rotation == 180:
            return Box(width - box.right, height - box.bottom, width - box.left, height - box.top)
        if rotation == 270:
            return Box(height - box.bottom, box.left, height - box.top, box.right)
        return box

    return upright.model_copy(
        update={
            "width": height if sideways else width,
            "height": width if sideways else height,
            "rotation": rotation,
            "words": tuple(word._replace(box=moved(word.box)) for word in upright.words),
        }
    )


def left(text: str, top: float, edge: float = 0.12) -> Row:
    """A line that begins at the left margin."""
    return (text, edge + len(text) * _LETTER / 2 / WIDTH, top)


def official(
    agency: Sequence[str],
    number: str,
    dated: str,
    title: Sequence[str] = (),
    body: Sequence[str] = ("Căn cứ Luật Tổ chức chính quyền địa phương;",),
    signature: Sequence[str] = ("GIÁM ĐỐC",),
    signer: str = "Nguyễn Văn An",
    about: Sequence[str] = (),
) -> list[Row]:
    """A one-page paper laid out by NĐ 30/2020."""
    rows: list[Row] = [(line, 0.26, 0.060 + 0.020 * at) for at, line in enumerate(agency)]
    below = 0.060 + 0.020 * len(agency) + 0.012
    rows += [*NATIONAL, (number, 0.26, below), (dated, 0.70, below)]
    rows += [(line, 0.26, below + 0.02 * (at + 1)) for at, line in enumerate(about)]
    below += 0.03 + 0.02 * len(about)
    rows += [(line, 0.50, below + 0.022 * at) for at, line in enumerate(title)]
    below += 0.022 * len(title) + 0.03
    rows += [left(line, below + 0.022 * at) for at, line in enumerate(body)]
    below = max(0.6, below + 0.022 * len(body) + 0.02)
    rows += [left("Nơi nhận:", below)]
    rows += [(line, 0.72, below + 0.02 * at) for at, line in enumerate(signature)]
    rows += [(signer, 0.72, below + 0.02 * len(signature) + 0.09)]
    return rows
