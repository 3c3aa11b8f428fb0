"""One page while it is being printed: the image, what stands on it and where, in displayed pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image, ImageDraw

Box = tuple[int, int, int, int]
Ink = tuple[int, int, int]
BLACK: Ink = (22, 22, 24)
RED: Ink = (186, 24, 34)


@dataclass
class TextLine:
    """One printed line with its box (left, top, right, bottom)."""

    text: str
    box: Box


@dataclass(frozen=True)
class Blank:
    """A printed blank that a pen fills: the line's baseline, the room for it, and what is written."""

    field: str
    text: str
    left: int
    baseline: int
    width: int
    size: float


@dataclass
class Sheet:
    """A printed page. `anchors` says where wear may put its marks (signature, number, head).

    `pens` are the fields left blank for a pen; `gaps`: typed fields keep the room of the blank around them;
    `codes` are the contents of QR codes on the page.
    """

    image: Image.Image
    dpi: int
    lines: list[TextLine] = field(default_factory=list)
    blanks: list[Blank] = field(default_factory=list)
    anchors: dict[str, list[Box]] = field(default_factory=dict)
    seal: tuple[str, str, bool] = ("", "", False)
    issuer: str = ""
    signed_on: str = ""
    pens: frozenset[str] = frozenset()
    gaps: bool = False
    codes: list[str] = field(default_factory=list)

    @classmethod
    def empty(cls, size_mm: tuple[float, float], dpi: int) -> Sheet:
        """A white page of a size in millimetres."""
        width, height = (round(side * dpi / 25.4) for side in size_mm)
        return cls(Image.new("RGB", (width, height), (255, 255, 255)), dpi)

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """A drawing context on the image."""
        return ImageDraw.Draw(self.image)

    def px(self, millimetres: float) -> int:
        """Pixels of a length in millimetres."""
        return round(millimetres * self.dpi / 25.4)

    def points(self, size: float) -> float:
        """Pixels of a size in points."""
        return round(size * self.dpi / 72, 1)

    def anchor(self, name: str, box: Box) -> None:
        """Remember a place for wear."""
        self.anchors.setdefault(name, []).append(box)

    def rule(self, x0: float, y0: float, x1: float, y1: float, points: float = 0.6, ink: Ink = BLACK) -> None:
        """A straight rule between two points in millimetres."""
        thick = max(1, round(self.points(points)))
        self.pen.line((self.px(x0), self.px(y0), self.px(x1), self.px(y1)), fill=ink, width=thick)

    def frame(
        self, x0: float, y0: float, x1: float, y1: float, points: float = 0.6, ink: Ink = BLACK
    ) -> None:
        """A ruled rectangle, millimetres."""
        thick = max(1, round(self.points(points)))
        self.pen.rectangle((self.px(x0), self.px(y0), self.px(x1), self.px(y1)), outline=ink, width=thick)

    def dots(self, x0: float, x1: float, baseline: float, ink: Ink = BLACK) -> None:
        """A dotted leader on a baseline, millimetres."""
        step = max(3, self.px(1.0))
        size = max(1, round(self.dpi / 25.4 * 0.13))
        y = self.px(baseline)
        pen = self.pen
        for x in range(self.px(x0), self.px(x1), step):
            pen.rectangle((x, y - size, x + size, y), fill=ink)
