"""The visible content of a PDF page's content stream: images, letters, paths. No pixel is decoded.

Forms are entered, so that a scan whose invisible text lies in a form is still one image. Endless streams and
deep or circular forms are bounded: a page that is too complex to walk is rendered.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import pikepdf

_MAX_OPERATORS = 300_000
_MAX_STREAM = 3_000_000
_MAX_DEPTH = 6
_PAINT = {"f", "F", "f*", "S", "s", "B", "B*", "b", "b*"}
_SHOW = {"Tj", "TJ", "'", '"'}
_INVISIBLE = {3, 7}
_WHITE = {"g": [1], "rg": [1, 1, 1], "k": [0, 0, 0, 0]}
_BLACK = {"g": [0], "rg": [0, 0, 0], "k": [0, 0, 0, 1]}

Corners = tuple[float, float, float, float]
EVERYWHERE: Corners = (-1e9, -1e9, 1e9, 1e9)


class PlacedImage(NamedTuple):
    """An image where it is drawn.

    Attributes:
        name: among the page's own XObjects; None inside a form or inline.
        matrix: places the unit square, in points of the page.
        clip: left, bottom, right, top of what may show; None if the clip is no rectangle.
        image: the image's stream.
        black: whether the fill colour, in which a stencil mask is painted, is black.
    """

    name: str | None
    matrix: pikepdf.Matrix
    clip: Corners | None
    image: Any
    black: bool


class Content(NamedTuple):
    """The visible content of a page. `others` counts elements that only a renderer can judge."""

    images: tuple[PlacedImage, ...]
    letters: int
    paints: int
    others: int


class _State(NamedTuple):
    matrix: pikepdf.Matrix
    clip: Corners | None = EVERYWHERE
    text_mode: int = 0
    fill: str = "black"


def walk(page: pikepdf.Page) -> Content:
    """Walk a page's content.

    Raises:
        pikepdf.PdfError, ValueError, TypeError, KeyError: the page is malformed.
    """
    walker = _Walker()
    walker.enter(page, page.obj.get("/Contents"), page.resources, _State(pikepdf.Matrix()), depth=0)
    others = walker.others + _visible_annotations(page)
    return Content(tuple(walker.images), walker.letters, walker.paints, others)


class _Walker:
    def __init__(self) -> None:
        self.images: list[PlacedImage] = []
        self.letters = self.paints = self.others = self._operators = 0

    def enter(self, source: Any, streams: Any, resources: Any, state: _State, depth: int) -> None:
        """Walk one content stream, the page's or a form's."""
        if depth > _MAX_DEPTH or _is_too_long(streams):
            self.others += 1
            return
        saved: list[_State] = []
        path: list[Corners | None] = []
        clipping = False
        for instruction in pikepdf.parse_content_stream(source):
            self._operators += 1
            if self._operators > _MAX_OPERATORS:
                self.others += 1
                return
            operator, operands = str(instruction.operator), cast(Any, instruction.operands)
            if operator == "q":
                saved.append(state)
            elif operator == "Q":
                state = saved.pop() if saved else state
            elif operator == "re":
                path.append(_bounds(state.matrix, [float(part) for part in operands]))
            elif operator in {"m", "l", "c", "v", "y"}:
                path.append(None)
            elif operator in {"W", "W*"}:
                clipping = True
            elif operator in _PAINT or operator == "n":
                self._paint(operator, state, path)
                if clipping:
                    state = state._replace(clip=_intersection(state.clip, path))
                path, clipping = [], False
            elif operator == "Do":
                self._draw(str(operands[0]), resources, state, depth)
            else:
                state = self._other(operator, operands, resources, state)

    def _paint(self, operator: str, state: _State, path: Sequence[Corners | None]) -> None:
        if operator == "n" or not path:
            return
        # A white background painted first is invisible.
        if state.fill == "white" and operator in {"f", "F", "f*"} and not (self.images or self.letters):
            return
        self.paints += 1

    def _other(self, operator: str, operands: Any, resources: Any, state: _State) -> _State:
        if operator == "cm":
            moved = pikepdf.Matrix(*(float(part) for part in operands))
            return state._replace(matrix=moved @ state.matrix)
        if operator == "Tr":
            return state._replace(text_mode=int(operands[0]))
        if operator in _SHOW:
            self.letters += 0 if state.text_mode in _INVISIBLE else _letters(operands)
        elif operator in _WHITE:
            parts = [float(part) for part in operands]
            fill = "white" if parts == _WHITE[operator] else "black" if parts == _BLACK[operator] else "other"
            return state._replace(fill=fill)
        elif operator in {"cs", "sc", "scn"}:
            return state._replace(fill="other")
        elif operator == "gs":
            self.others += _is_special(_resource(resources, "/ExtGState", str(operands[0])))
        elif operator == "sh":
            self.paints += 1
        elif operator == "INLINE IMAGE" or (operator == "BDC" and str(operands[0]) == "/OC"):
            self.others += 1
        return state

    def _draw(self, name: str, resources: Any, state: _State, depth: int) -> None:
        target = _resource(resources, "/XObject", name)
        if not isinstance(target, pikepdf.Stream):
            return
        if "/OC" in target:
            self.others += 1
        if target.get("/Subtype") == "/Image":
            own = name if depth == 0 else None
            self.images.append(PlacedImage(own, state.matrix, state.clip, target, state.fill == "black"))
            return
        if target.get("/Subtype") != "/Form":
            return
        group = target.get("/Group")
        self.others += group is not None and len(self.images) > 0 and "/K" in group
        inner = pikepdf.Matrix(
            *(float(part) for part in cast(Any, target.get("/Matrix", (1, 0, 0, 1, 0, 0))))
        )
        matrix = inner @ state.matrix
        box = [float(part) for part in cast(Any, target.get("/BBox", (-1e6, -1e6, 1e6, 1e6)))]
        clip = _intersection(
            state.clip, [_bounds(matrix, [box[0], box[1], box[2] - box[0], box[3] - box[1]])]
        )
        state = state._replace(matrix=matrix, clip=clip)
        self.enter(target, target, target.get("/Resources", resources), state, depth + 1)


def _resource(resources: Any, kind: str, name: str) -> Any:
    held = resources.get(kind)
    return held.get(name) if isinstance(held, pikepdf.Dictionary) else None


def _is_too_long(streams: Any) -> bool:
    """True if content is too long to be walked; decompresses no more of it than the limit."""
    total = 0
    for stream in streams if isinstance(streams, pikepdf.Array) else [streams]:
        if not isinstance(stream, pikepdf.Stream):
            continue
        raw = stream.read_raw_bytes()
        if len(raw) > _MAX_STREAM:
            return True
        if str(stream.get("/Filter")) == "/FlateDecode":
            total += _inflated(raw)
        elif "/Filter" in stream:
            total += 20 * len(raw)
        else:
            total += len(raw)
        if total > _MAX_STREAM:
            return True
    return False


def _inflated(raw: bytes) -> int:
    try:
        return len(zlib.decompressobj().decompress(raw, _MAX_STREAM + 1))
    except zlib.error:
        return len(raw)


def _bounds(matrix: pikepdf.Matrix, rectangle: Sequence[float]) -> Corners | None:
    """Corners of a rectangle on the page; None if it lies askew."""
    left, bottom, width, height = rectangle
    if min(abs(matrix.b) + abs(matrix.c), abs(matrix.a) + abs(matrix.d)) > 1e-3:
        return None
    one = matrix.transform((left, bottom))
    other = matrix.transform((left + width, bottom + height))
    return (
        float(min(one[0], other[0])),
        float(min(one[1], other[1])),
        float(max(one[0], other[0])),
        float(max(one[1], other[1])),
    )


def _intersection(clip: Corners | None, path: Sequence[Corners | None]) -> Corners | None:
    """The clip intersected with a path; None if the result is not a rectangle."""
    if clip is None or len(path) != 1 or path[0] is None:
        return None
    added = path[0]
    return (max(clip[0], added[0]), max(clip[1], added[1]), min(clip[2], added[2]), min(clip[3], added[3]))


def _is_special(settings: Any) -> bool:
    """True if a graphics state makes things transparent or blends them."""
    if not isinstance(settings, pikepdf.Dictionary):
        return False
    mask, mode = str(settings.get("/SMask", "/None")), str(settings.get("/BM", "/Normal"))
    faint = min(float(cast(Any, settings.get(key, 1))) for key in ("/ca", "/CA")) < 1
    return mask != "/None" or mode not in {"/Normal", "/Compatible"} or faint


def _letters(operands: Any) -> int:
    """Bytes of shown text, spaces left out."""
    strings = [operand for operand in operands if isinstance(operand, pikepdf.String)]
    for operand in operands:
        if isinstance(operand, pikepdf.Array):
            strings += [part for part in cast(Any, operand) if isinstance(part, pikepdf.String)]
    return sum(len(bytes(string).strip()) for string in strings)


def _visible_annotations(page: pikepdf.Page) -> int:
    """Annotations with an appearance that a viewer shows: e-signature captions among them."""
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return 0
    return sum(_is_visible(annotation) for annotation in cast(Any, annotations))


def _is_visible(annotation: Any) -> bool:
    if not isinstance(annotation, pikepdf.Dictionary) or "/AP" not in annotation:
        return False
    if (
        str(annotation.get("/Subtype")) in {"/Link", "/Popup"}
        or int(cast(Any, annotation.get("/F", 0))) & 0b100010
    ):
        return False
    box = [float(edge) for edge in cast(Any, annotation.get("/Rect", (0, 0, 0, 0)))]
    return abs(box[2] - box[0]) > 1 and abs(box[3] - box[1]) > 1
