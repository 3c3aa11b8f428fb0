"""Graphics state around a PDF page's single image: stencil colour, clips, blending.

The page listing has already established that one image and nothing else is painted; this examines what else that
image's *appearance* depends on, so that it can be taken over only where nothing is lost.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import pikepdf

from storage.pdfa.geometry import IDENTITY, Matrix, Rectangle, bounds, number

_OPERATORS = "q Q cm Do gs re m l c v y h W W* n g rg k cs sc scn sh BI BDC"
_FILLS = {"g": 1, "rg": 3}
_BLENDING = {"/BM": {"/Normal", "/Compatible"}, "/SMask": {"/None"}}
_MAX_OPERATORS = 200_000
_SLACK = 0.5  # points a clip may cut off an image's edge before it counts


class Drawing(NamedTuple):
    """How the image is drawn.

    Attributes:
        plain: nothing around it changes what its samples show.
        fill: operators for the colour a stencil is painted in ("" is black), None for one that is no grey or RGB.
    """

    plain: bool
    fill: str | None = ""


class _State(NamedTuple):
    matrix: Matrix = IDENTITY
    fill: str | None = ""
    clip: Rectangle | None = None


_NOT_PLAIN = Drawing(plain=False)


def drawing_of(page: pikepdf.Page, name: str) -> Drawing:
    """Walk a page's content up to the one drawing of image `name`.

    Not plain: a clip that cuts the image, blending or transparency, optional content, shadings and inline images, or
    an image that is drawn never or twice.
    """
    state, stack = _State(), list[_State]()
    path: list[Rectangle | None] = []
    clipping = False
    drawn: Drawing | None = None
    for count, instruction in enumerate(pikepdf.parse_content_stream(page, _OPERATORS)):
        operator, operands = str(instruction.operator), cast(Any, instruction.operands)
        if count > _MAX_OPERATORS or operator in {"sh", "BI", "INLINE IMAGE"}:
            return _NOT_PLAIN
        if operator == "BDC" and str(operands[0]) == "/OC":
            return _NOT_PLAIN
        if operator == "q":
            stack.append(state)
        elif operator == "Q":
            state = stack.pop() if stack else state
        elif operator == "re":
            path.append(_rectangle(operands, state.matrix))
        elif operator in {"m", "l", "c", "v", "y", "h"}:
            path.append(None)
        elif operator in {"W", "W*"}:
            clipping = True
        elif operator == "n":
            if clipping:
                clip = _narrowed(state.clip, path)
                if clip is None:
                    return _NOT_PLAIN
                state = state._replace(clip=clip)
            path, clipping = [], False
        elif operator == "Do":
            if str(operands[0]) != name or drawn is not None or not _inside(state):
                return _NOT_PLAIN
            drawn = Drawing(plain=True, fill=state.fill)
        else:
            changed = _changed(state, operator, operands, page)
            if changed is None:
                return _NOT_PLAIN
            state = changed
    return drawn or _NOT_PLAIN


def _changed(state: _State, operator: str, operands: Any, page: pikepdf.Page) -> _State | None:
    """The state after a state operator; None when it could blend what follows."""
    if operator == "cm":
        return state._replace(matrix=Matrix(*(float(part) for part in operands)).then(state.matrix))
    if operator == "gs":
        known: Any = page.resources.get("/ExtGState", {})
        return state if _opaque(known.get(str(operands[0]), {})) else None
    if operator in _FILLS:
        values = " ".join(number(float(part)) for part in operands)
        return state._replace(fill=f"{values} {operator} ")
    return state._replace(fill=None)


def _opaque(parameters: Any) -> bool:
    for key, value in dict(parameters).items():
        if key in {"/ca", "/CA"} and float(value) < 1:
            return False
        if key in _BLENDING and str(value) not in _BLENDING[key]:
            return False
        if key in {"/TR", "/TR2", "/HTP"} and str(value) not in {"/Identity", "/Default"}:
            return False
    return True


def _rectangle(operands: Any, matrix: Matrix) -> Rectangle | None:
    """A rectangle's bounds in user space; None when it does not stand upright."""
    if min(abs(matrix.a) + abs(matrix.d), abs(matrix.b) + abs(matrix.c)) > 1e-6:
        return None
    x, y, width, height = (float(part) for part in operands)
    return bounds(Matrix(width, 0, 0, height, x, y).then(matrix))


def _narrowed(clip: Rectangle | None, path: list[Rectangle | None]) -> Rectangle | None:
    """The clip after one more path; None unless that is a single rectangle."""
    if len(path) != 1 or path[0] is None:
        return None
    added = path[0]
    if clip is None:
        return added
    return Rectangle(
        max(clip.left, added.left),
        max(clip.bottom, added.bottom),
        min(clip.right, added.right),
        min(clip.top, added.top),
    )


def _inside(state: _State) -> bool:
    if state.clip is None:
        return True
    box = bounds(state.matrix)
    return (
        box.left >= state.clip.left - _SLACK
        and box.bottom >= state.clip.bottom - _SLACK
        and box.right <= state.clip.right + _SLACK
        and box.top <= state.clip.top + _SLACK
    )
