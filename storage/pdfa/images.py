"""An encoded image with its PDF parameters. Pure data; opens no files."""

from __future__ import annotations

import hashlib
import zlib
from typing import NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from storage.pdfa import icc


class Colour(NamedTuple):
    """Colour space: grey (1) or RGB (3) components, or indexed when `palette` (RGB triples) is there.

    `profile` is an ICC profile, kept only if PDF/A allows it and it has as many components.
    """

    components: int
    palette: bytes = b""
    profile: bytes = b""


GREY = Colour(1)
RGB = Colour(3)


class ImageStream(NamedTuple):
    """One encoded image.

    Attributes:
        data: the encoded bytes.
        filter: PDF filter name.
        parms: decode parameters.
        bits: bits a sample; None if the data say it (JPX).
        colour: None if the data say it (JPX).
        inverted: samples mean the opposite (a Decode array turns them).
        taken_over: the bytes are those of the original.
    """

    data: bytes
    width: int
    height: int
    filter: Name
    parms: dict[str, int | bool]
    bits: int | None = 8
    colour: Colour | None = GREY
    inverted: bool = False
    taken_over: bool = False


def flate_parms(width: int, channels: int, bits: int) -> dict[str, int | bool]:
    """Parameters for PNG-predicted Flate data."""
    return {"/Predictor": 15, "/Colors": channels, "/BitsPerComponent": bits, "/Columns": width}


def g4_parms(width: int, height: int, *, black_is_one: bool = False) -> dict[str, int | bool]:
    """Parameters for CCITT Group 4 data."""
    parms: dict[str, int | bool] = {"/K": -1, "/Columns": width, "/Rows": height}
    return {**parms, "/BlackIs1": True} if black_is_one else parms


class ColourSpaces:
    """Colour space objects of one file; an ICC profile is embedded only once."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._profiles: dict[str, Array] = {}

    def of(self, colour: Colour) -> pikepdf.Object:
        """The PDF colour space of a colour."""
        if colour.palette:
            base = self._plain(3, colour.profile)
            entries = len(colour.palette) // 3
            return Array([Name.Indexed, base, entries - 1, pikepdf.String(colour.palette[: 3 * entries])])
        return self._plain(colour.components, colour.profile)

    def _plain(self, components: int, profile: bytes) -> pikepdf.Object:
        if profile and icc.components(profile) == components:
            return self.based_on(profile, components)
        return Name.DeviceGray if components == 1 else Name.DeviceRGB

    def based_on(self, profile: bytes, components: int) -> Array:
        """An ICCBased space."""
        key = hashlib.sha256(profile).hexdigest()
        if key not in self._profiles:
            stream = Stream(self._pdf, zlib.compress(profile, 9), N=components, Filter=Name.FlateDecode)
            self._profiles[key] = Array([Name.ICCBased, self._pdf.make_indirect(stream)])
        return self._profiles[key]


def add_image(pdf: pikepdf.Pdf, image: ImageStream, spaces: ColourSpaces) -> pikepdf.Object:
    """Put an encoded image into a file as an XObject."""
    fields = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=image.width, Height=image.height, Filter=image.filter
    )
    if image.parms:
        fields.DecodeParms = Dictionary(image.parms)
    if image.bits is not None:
        fields.BitsPerComponent = image.bits
    if image.colour is not None:
        fields.ColorSpace = spaces.of(image.colour)
    if image.inverted:
        fields.Decode = Array([1, 0] * (image.colour.components if image.colour else 1))
    return pdf.make_indirect(Stream(pdf, image.data, fields))
