"""Decide how to handle an image stream of a PDF: copy it, re-encode it, or leave it to the renderer.

PDF/A-2 forbids LZW and Crypt; what else is left to the renderer here is colour that one sRGB intent cannot carry (CMYK,
Lab, Separation, DeviceN), masks, and JPEG or JPEG 2000 data that do not say what their dictionary says.
"""

from __future__ import annotations

from typing import Any, cast

import pikepdf
from pikepdf import Name

from storage.pdfa import icc, jpeg, jpx, png
from storage.pdfa.encode import encode_samples
from storage.pdfa.images import Colour, ImageStream

_DECODABLE = {"/FlateDecode", "/RunLengthDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/LZWDecode"}
_KEPT_FILTERS = _DECODABLE - {"/LZWDecode"} | {"/DCTDecode", "/CCITTFaxDecode", "/JBIG2Decode", "/JPXDecode"}
_KEPT_KEYS = {
    "/Type",
    "/Subtype",
    "/Width",
    "/Height",
    "/BitsPerComponent",
    "/ImageMask",
    "/Decode",
    "/Filter",
}
_KEPT_KEYS |= {"/DecodeParms", "/ColorSpace", "/Length"}


def filters_of(image: pikepdf.Object) -> list[str]:
    """Names of an image's filters, in order."""
    value = image.get("/Filter")
    if value is None:
        return []
    return [str(part) for part in cast(Any, value)] if isinstance(value, pikepdf.Array) else [str(value)]


def colour_of(space: Any, *, depth: int = 0) -> Colour | None:
    """A PDF colour space as one of ours; None for what an sRGB intent cannot carry."""
    if isinstance(space, Name):
        return {"/DeviceGray": Colour(1), "/DeviceRGB": Colour(3)}.get(str(space))
    if not isinstance(space, pikepdf.Array) or not len(space) or depth > 2:
        return None
    family = str(space[0])
    if family in {"/DeviceGray", "/DeviceRGB"}:
        return colour_of(space[0])
    if family == "/ICCBased":
        return _icc_based(space[1])
    if family == "/Indexed":
        base = colour_of(space[1], depth=depth + 1)
        return None if base is None or base.palette else _indexed(base, int(space[2]), space[3])
    return None


def _icc_based(stream: Any) -> Colour | None:
    count = int(stream.get("/N", 0))
    if count not in (1, 3):
        return None
    profile = stream.read_bytes()
    # A profile that PDF/A refuses (or a viewer would) says no more than the device space of as many components.
    return Colour(count, b"", profile if icc.components(profile) == count else b"")


def _indexed(base: Colour, highest: int, lookup: Any) -> Colour | None:
    table = lookup.read_bytes() if isinstance(lookup, pikepdf.Stream) else bytes(lookup)
    table = table[: (highest + 1) * base.components]
    if len(table) < (highest + 1) * base.components or not 0 <= highest <= 255:
        return None
    if base.components == 3:
        return Colour(1, table, base.profile)
    return None if base.profile else Colour(1, bytes(value for value in table for _ in range(3)))


def may_stay(image: pikepdf.Object, colour: Colour | None, raw: bytes) -> bool:
    """True if PDF/A-2 lets an image stream stay as it is. `raw` are its bytes as stored.

    Raises:
        ValueError: the stream is damaged or cut off.
    """
    names = filters_of(image)
    if not names or not set(names) <= _KEPT_FILTERS or has_mask(image):
        return False
    if len(raw) == 0:
        raise ValueError("the image stream is empty")
    width, height = int(image["/Width"]), int(image["/Height"])
    stencil = bool(image.get("/ImageMask", False))
    bits = 1 if stencil else int(image.get("/BitsPerComponent", 1 if names[-1] in _ONE_BIT else 8))
    if names == ["/JPXDecode"]:
        return not stencil and _jpx_stays(raw, width, height, image, colour)
    if colour is None and not stencil:
        return False
    if names == ["/DCTDecode"]:
        return not stencil and colour is not None and _jpeg_stays(raw, width, height, colour)
    if names == ["/FlateDecode"]:
        _check_flate(
            image, raw, width, height, 1 if colour is None or colour.palette else colour.components, bits
        )
    if names[-1] == "/JBIG2Decode":
        _check_jbig2(raw)
    if names[-1] == "/CCITTFaxDecode":
        parms = _parameters(image)
        return int(parms.get("/Columns", 1728)) == width
    return bits in {1, 2, 4, 8, 16} and names[-1] != "/JPXDecode"


_ONE_BIT = {"/CCITTFaxDecode", "/JBIG2Decode"}


def has_mask(image: pikepdf.Object) -> bool:
    """True if part of the image is transparent."""
    return "/SMask" in image or "/Mask" in image or bool(int(cast(Any, image.get("/SMaskInData", 0))))


def keep_essentials(image: pikepdf.Object) -> None:
    """Drop from a copied image all that is not pixels: metadata, alternates, interpolation, intents, page pieces."""
    for key in list(image.keys()):
        if key not in _KEPT_KEYS:
            del image[key]


def decode(image: pikepdf.Object, colour: Colour) -> ImageStream | None:
    """Encode an image anew from its decoded samples; None if only a renderer can decode it.

    Raises:
        ValueError: fewer samples than the dictionary promises.
    """
    if not set(filters_of(image)) <= _DECODABLE or has_mask(image):
        return None
    width, height = int(image["/Width"]), int(image["/Height"])
    bits = 1 if image.get("/ImageMask", False) else int(image.get("/BitsPerComponent", 8))
    channels = 1 if colour.palette else colour.components
    data = image.read_bytes()
    expected = png.row_bytes(width, channels, bits) * height
    if len(data) < expected:
        raise ValueError(f"{len(data)} bytes of samples where {expected} belong")
    return encode_samples(data[:expected], width, height, channels, bits)._replace(colour=colour)


def _parameters(image: pikepdf.Object) -> Any:
    parms: Any = image.get("/DecodeParms", {})
    if isinstance(parms, pikepdf.Array):
        parms = parms[-1] if len(parms) else {}
    return parms if isinstance(parms, (pikepdf.Dictionary, dict)) else {}


def _check_flate(
    image: pikepdf.Object, raw: bytes, width: int, height: int, channels: int, bits: int
) -> None:
    row = png.row_bytes(width, channels, bits)
    predicted = int(_parameters(image).get("/Predictor", 1)) >= 10
    expected = (row + predicted) * height
    held = png.inflated_size(raw, expected)
    if held < expected:
        raise ValueError(f"{held} bytes of samples where {expected} belong")


def _jpeg_stays(raw: bytes, width: int, height: int, colour: Colour) -> bool:
    header = jpeg.parse(raw)
    if header.end is None:
        raise ValueError("the JPEG data are cut off")
    fits = (header.width, header.height) == (width, height) and header.components == colour.components
    return header.dct and fits and not colour.palette


def _jpx_stays(raw: bytes, width: int, height: int, image: pikepdf.Object, colour: Colour | None) -> bool:
    if raw.startswith(b"\xff\x4f"):
        return False  # a bare codestream: viewers show it, PDF wants it boxed
    header = jpx.parse(raw)
    same_colour = "/ColorSpace" not in image or (colour is not None and colour == Colour(header.components))
    return header.legal and same_colour and (header.width, header.height) == (width, height)


def _check_jbig2(raw: bytes) -> None:
    """Follow the chain of segments: a stream cut off anywhere breaks it."""
    at = 0
    while at + 11 <= len(raw):
        flags, referred = raw[at + 4], raw[at + 5] >> 5
        start = at
        number = int.from_bytes(raw[at : at + 4], "big")
        at += 6
        if referred == 7:
            referred = int.from_bytes(raw[start + 5 : start + 9], "big") & 0x1FFFFFFF
            at = start + 9 + (referred + 8) // 8
        at += referred * (1 if number <= 256 else 2 if number <= 65536 else 4) + (4 if flags & 0x40 else 1)
        length = int.from_bytes(raw[at : at + 4], "big")
        if length == 0xFFFFFFFF:  # a generic region of unknown length runs to the end
            return
        at += 4 + length
    if at > len(raw):
        raise ValueError("the JBIG2 data are cut off")
