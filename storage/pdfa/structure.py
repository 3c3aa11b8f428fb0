"""Built-in checks of a finished PDF/A, always on, independent of any validator.

They also see what veraPDF does not: image data that are cut off, a stream that is not the one that went in, a page that
went missing. Every broken rule becomes one `pdfa_failed` finding whose `detail` names it; an empty result is a pass.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pikepdf

from schemas.findings import Finding, finding
from storage.pdfa import icc, jpeg, jpx, png
from storage.pdfa.pdf_images import filters_of

_FORBIDDEN_ROOT = (
    "/Names",
    "/AcroForm",
    "/OpenAction",
    "/AA",
    "/OCProperties",
    "/Perms",
    "/Collection",
    "/AF",
)
_FORBIDDEN_FILTERS = {"/LZWDecode", "/Crypt"}
_FORBIDDEN_IMAGE = ("/SMask", "/Mask", "/Alternates", "/OPI", "/Metadata", "/Intent", "/SMaskInData")
_FORBIDDEN_PAGE = ("/Annots", "/AA", "/Group", "/Rotate", "/UserUnit", "/Metadata", "/PieceInfo")
_DEVICE = {"/DeviceGray", "/DeviceRGB"}
_FLAVOUR = re.compile(rb"<pdfaid:part>(\d)</pdfaid:part>\s*<pdfaid:conformance>([ABU])</pdfaid:conformance>")


def check_structure(
    path: str | os.PathLike[str],
    pages: int | None = None,
    flavour: str | None = None,
    streams: Sequence[str | None] | None = None,
) -> tuple[Finding, ...]:
    """Check a written file.

    Args:
        path: the file.
        pages: how many pages it must have.
        flavour: what its XMP must claim, e.g. `2b`.
        streams: per page the SHA-256 that its image stream must have, None if it was encoded anew
            (`Rendition.streams`).
    """
    try:
        broken = [*_head(Path(path)), *_inside(Path(path), pages, flavour, streams)]
    except (
        pikepdf.PdfError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RuntimeError,
    ) as error:
        broken = [f"unreadable: {type(error).__name__}: {error}"[:200]]
    return tuple(finding("pdfa_failed", detail=rule) for rule in broken)


def _head(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        head = stream.read(16)
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - 16))
        tail = stream.read()
    if not re.match(rb"%PDF-1\.[4-7]\n%[\x80-\xff]{4}", head):
        yield "header"
    if not tail.rstrip(b"\r\n").endswith(b"%%EOF"):
        yield "end of file"


def _inside(
    path: Path, pages: int | None, flavour: str | None, streams: Sequence[str | None] | None
) -> Iterator[str]:
    with pikepdf.open(path, suppress_warnings=True, attempt_recovery=False) as pdf:
        if pdf.is_encrypted:
            yield "encrypted"
        if len(pdf.trailer.get("/ID", [])) != 2:
            yield "no file identifier"
        for key in _FORBIDDEN_ROOT:
            if key in pdf.Root:
                yield f"{key} in the catalogue"
        yield from _metadata(pdf, flavour)
        yield from _intent(pdf)
        found = len(pdf.pages)
        if pages is not None and found != pages:
            yield f"{found} pages where {pages} belong"
        for number, page in enumerate(pdf.pages, 1):
            stream_sha256 = streams[number - 1] if streams is not None and number <= len(streams) else None
            for rule in _page(page, stream_sha256):
                yield f"page {number}: {rule}"
        for key in ("/JavaScript", "/JS", "/EmbeddedFiles", "/Launch"):
            if _mentioned(pdf, key):
                yield f"{key} somewhere in the file"


def _metadata(pdf: pikepdf.Pdf, flavour: str | None) -> Iterator[str]:
    metadata: Any = pdf.Root.get("/Metadata")
    if metadata is None or "/Filter" in metadata:
        yield "no plain XMP"
        return
    packet = metadata.read_bytes()
    claim = _FLAVOUR.search(packet)
    if claim is None or (flavour is not None and (claim[1] + claim[2]).decode().lower() != flavour):
        yield "XMP does not claim the flavour"
    info: Any = pdf.trailer.get("/Info", {})
    for key in ("/Title", "/Producer"):
        if key in info and _escaped(str(info[key])).encode() not in packet:
            yield f"{key} differs from XMP"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _intent(pdf: pikepdf.Pdf) -> Iterator[str]:
    intents: Any = pdf.Root.get("/OutputIntents", [])
    if len(intents) != 1 or intents[0].get("/S") != "/GTS_PDFA1" or "/DestOutputProfile" not in intents[0]:
        yield "output intent"
        return
    profile = intents[0].DestOutputProfile
    if int(profile.get("/N", 0)) != 3 or icc.components(profile.read_bytes()) != 3:
        yield "output intent's profile is no RGB profile"


def _page(page: pikepdf.Page, stream_sha256: str | None) -> Iterator[str]:
    for key in _FORBIDDEN_PAGE:
        if key in page.obj:
            yield f"{key} on the page"
    resources: Any = page.resources
    if set(resources.keys()) - {"/XObject", "/Font"}:
        yield f"resources {sorted(resources.keys())}"
    objects: Any = resources.get("/XObject", {})
    if len(objects) != 1:
        yield f"{len(objects)} images where one belongs"
    for name in objects.keys():  # noqa: SIM118 - a pikepdf dictionary
        yield from _image(objects[name], stream_sha256)
    fonts: Any = resources.get("/Font", {})
    for name in fonts.keys():  # noqa: SIM118
        yield from _font(fonts[name])


def _image(image: Any, stream_sha256: str | None) -> Iterator[str]:
    names = filters_of(image)
    if set(names) & _FORBIDDEN_FILTERS:
        yield f"filter {'+'.join(names)}"
    for key in _FORBIDDEN_IMAGE:
        if key in image:
            yield f"{key} in the image"
    if image.get("/Interpolate", False):
        yield "image is interpolated"
    space = image.get("/ColorSpace")
    if space is not None and not _space_allowed(space):
        yield "colour space"
    raw = image.read_raw_bytes()
    if stream_sha256 is not None and hashlib.sha256(raw).hexdigest() != stream_sha256:
        yield "the image stream is not the original's"
    try:
        yield from _data(image, names, raw)
    except ValueError as error:
        yield f"image data: {error}"


def _space_allowed(space: Any) -> bool:
    if isinstance(space, pikepdf.Name):
        return str(space) in _DEVICE
    if str(space[0]) == "/Indexed":
        return _space_allowed(space[1])
    return str(space[0]) == "/ICCBased" and icc.components(space[1].read_bytes()) == int(space[1].N)


def _data(image: Any, names: list[str], raw: bytes) -> Iterator[str]:
    """Rules broken by encoded data that are incomplete or contradict the dictionary; checked without decoding."""
    size = (int(image.Width), int(image.Height))
    if not raw or min(size) < 1:
        yield "empty image"
    elif names == ["/DCTDecode"]:
        header = jpeg.parse(raw)
        if header.end is None or (header.width, header.height) != size:
            yield "JPEG data are cut off or of another size"
    elif names == ["/JPXDecode"]:
        header_ = jpx.parse(raw)
        if (header_.width, header_.height) != size:
            yield "JPEG 2000 data are of another size"
    elif names == ["/FlateDecode"]:
        yield from _flate(image, raw, size)


def _flate(image: Any, raw: bytes, size: tuple[int, int]) -> Iterator[str]:
    space = image.get("/ColorSpace")
    channels = 1
    if space is not None:
        name = str(space) if isinstance(space, pikepdf.Name) else str(space[0])
        channels = {"/DeviceRGB": 3, "/Indexed": 1, "/DeviceGray": 1}.get(name, 0) or int(space[1].N)
    row = png.row_bytes(size[0], channels, int(image.get("/BitsPerComponent", 1)))
    parms: Any = image.get("/DecodeParms", {})
    predicted = (
        int(cast(Any, parms.get("/Predictor", 1))) >= 10 if not isinstance(parms, pikepdf.Array) else False
    )
    expected = (row + predicted) * size[1]
    if png.inflated_size(raw, expected) < expected:
        yield "Flate data hold fewer rows than the image"


def _font(font: Any) -> Iterator[str]:
    if "/ToUnicode" not in font:
        yield "font without ToUnicode"
    for descendant in font.get("/DescendantFonts", [font]):
        descriptor = descendant.get("/FontDescriptor", {})
        if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
            yield "font not embedded"


def _mentioned(pdf: pikepdf.Pdf, key: str) -> bool:
    return any(
        isinstance(item, (pikepdf.Dictionary, pikepdf.Stream))
        and (key in item or str(item.get("/S", "")) == key)
        for item in pdf.objects
    )
