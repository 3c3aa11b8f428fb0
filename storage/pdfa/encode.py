"""Lossless encoding of pixels: CCITT Group 4 for two values, PNG-predicted Flate for all else."""

from __future__ import annotations

import io
import zlib

import cv2
import numpy as np
import numpy.typing as npt
from pikepdf import Name
from PIL import Image, ImageCms

from storage.pdfa import png, tiff
from storage.pdfa.images import GREY, RGB, Colour, ImageStream, flate_parms, g4_parms

# On a noisy 300 dpi colour scan level 3 came out smallest of 1 to 6, and 2.7 times as quick as 6 (zlib-ng).
_LEVEL = 3
_LARGE = 150_000_000  # samples: Pillow would hold four more bytes per pixel
_STRIP = 8_000_000
_PLAIN_MODES = {"1", "L", "P", "RGB", "I;16"}
_ALPHA_MODES = {"LA", "PA", "RGBA", "La", "RGBa"}


def encode_image(image: Image.Image) -> tuple[ImageStream, str | None]:
    """Encode a decoded image without loss where PDF/A has its colours; reports why if it does not.

    Returns:
        The stream, and None or what was given up: `alpha` (laid on white), `colour_space` (turned to sRGB).
    """
    profile = image.info.get("icc_profile") or b""
    given_up = None
    if (image.mode == "P" and "transparency" in image.info) or image.mode in _ALPHA_MODES:
        given_up = None if _opaque(image) else "alpha"
        image = _on_white(image)
    elif image.mode in {"I;16B", "I;16L", "I;16N", "I"}:
        image, given_up = _sixteen_bits(image)
    elif image.mode not in _PLAIN_MODES:
        image, given_up, profile = _to_srgb(image, profile), "colour_space", b""
    return _encode_plain(image, profile), given_up


def encode_array(pixels: npt.NDArray[np.uint8]) -> ImageStream:
    """Encode rendered pixels, as few channels and bits as they need."""
    if pixels.ndim == 3:
        grey = pixels[..., 0]
        if np.array_equal(grey, pixels[..., 1]) and np.array_equal(grey, pixels[..., 2]):
            pixels = np.ascontiguousarray(grey)
    if pixels.size > _LARGE:
        return _encode_in_strips(pixels)
    if pixels.ndim == 2 and bool(((pixels == 0) | (pixels == 255)).all()):
        return _encode_plain(Image.fromarray(pixels).convert("1", dither=Image.Dither.NONE), b"")
    return _encode_plain(Image.fromarray(pixels), b"")


def _encode_in_strips(pixels: npt.NDArray[np.uint8]) -> ImageStream:
    """Encode a very large rendering strip by strip with PNG's Up filter."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else 3
    rows = max(1, _STRIP // (width * channels))
    above = np.zeros((1, width * channels), np.uint8)
    squeeze, parts = zlib.compressobj(_LEVEL), list[bytes]()
    for top in range(0, height, rows):
        strip = pixels[top : top + rows].reshape(-1, width * channels)
        filtered = np.full((strip.shape[0], width * channels + 1), 2, np.uint8)  # 2: PNG's "Up"
        np.subtract(strip[:1], above, out=filtered[:1, 1:])
        np.subtract(strip[1:], strip[:-1], out=filtered[1:, 1:])
        parts.append(squeeze.compress(filtered.tobytes()))
        above = strip[-1:]
    data = b"".join([*parts, squeeze.flush()])
    parms = flate_parms(width, channels, 8)
    return ImageStream(data, width, height, Name.FlateDecode, parms, 8, GREY if channels == 1 else RGB)


def encode_rgb16(pixels: npt.NDArray[np.uint16]) -> ImageStream:
    """Encode 16-bit RGB, which Pillow cannot hold."""
    done, encoded = cv2.imencode(".png", pixels[..., ::-1])
    if not done:
        raise ValueError("16-bit pixels could not be encoded")
    return lift_png(encoded.tobytes(), taken_over=False)


def encode_samples(data: bytes, width: int, height: int, channels: int, bits: int) -> ImageStream:
    """Encode packed samples as a PDF image holds them: Group 4, predicted Flate, or plain Flate for odd depths."""
    if channels == 1 and bits == 1:
        return _encode_plain(Image.frombytes("1", (width, height), data), b"")
    if bits == 8 and channels in (1, 3):
        return _encode_plain(Image.frombytes("L" if channels == 1 else "RGB", (width, height), data), b"")
    colour = GREY if channels == 1 else RGB
    return ImageStream(zlib.compress(data, _LEVEL), width, height, Name.FlateDecode, {}, bits, colour)


def lift_png(data: bytes, *, taken_over: bool) -> ImageStream:
    """The image stream inside a plain PNG. Its chunks' checksums vouch for the data, so they are not inflated.

    Raises:
        ValueError: the PNG is damaged or cut off.
    """
    header = png.parse(data)
    components = 3 if header.colour == 2 else 1
    # A sample beyond the palette is black in Pillow, anything in a PDF viewer: no sample may lie beyond it.
    palette = header.palette and header.palette.ljust(3 << header.bits, b"\0")
    return ImageStream(
        data=header.data,
        width=header.width,
        height=header.height,
        filter=Name.FlateDecode,
        parms=flate_parms(header.width, header.channels, header.bits),
        bits=header.bits,
        colour=Colour(components, palette, header.profile),
        taken_over=taken_over,
    )


def _encode_plain(image: Image.Image, profile: bytes) -> ImageStream:
    if image.mode == "1":
        return _encode_bilevel(image, profile)
    out = io.BytesIO()
    clean = image.copy() if image.info or image.mode == "P" else image
    if clean.mode == "P":
        _lengthen_palette(clean)
    clean.info = {}
    clean.save(out, "PNG", compress_level=_LEVEL)
    stream = lift_png(out.getvalue(), taken_over=False)
    colour = stream.colour or GREY
    return stream._replace(colour=colour._replace(profile=profile))


def _lengthen_palette(image: Image.Image) -> None:
    """Give every sample a colour, black as Pillow shows it: PNG samples are only as wide as the palette asks."""
    palette = image.getpalette() or []
    if 3 * image.getextrema()[1] >= len(palette):  # type: ignore[operator]
        image.putpalette(palette + [0] * (768 - len(palette)))


def _encode_bilevel(image: Image.Image, profile: bytes) -> ImageStream:
    out = io.BytesIO()
    stride = (image.width + 7) // 8
    image.save(out, "TIFF", compression="group4", strip_size=stride * image.height)
    raw = out.getvalue()
    frame = tiff.frames(raw)[0]
    strip = tiff.group4_strip(raw, frame)
    if strip is None:
        raise ValueError("libtiff wrote more than one strip")
    black_is_one = frame.photometric == 1
    parms = g4_parms(image.width, image.height, black_is_one=black_is_one)
    colour = Colour(1, b"", profile)
    return ImageStream(strip, image.width, image.height, Name.CCITTFaxDecode, parms, 1, colour)


def _opaque(image: Image.Image) -> bool:
    return image.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def _on_white(image: Image.Image) -> Image.Image:
    grey = image.mode in {"LA", "La"}
    paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert("L" if grey else "RGB")


def _sixteen_bits(image: Image.Image) -> tuple[Image.Image, str | None]:
    samples = np.asarray(image)
    if int(samples.min()) < 0 or int(samples.max()) > 65535:
        raise ValueError("samples of more than 16 bits")
    return Image.fromarray(samples.astype(np.uint16)), None


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """CMYK, YCbCr, Lab …: through the image's own profile if one works, else by the usual formula."""
    if image.mode in {"F", "HSV"}:
        raise ValueError(f"pixels of mode {image.mode} are no page")
    given = _profile(profile) if image.mode in {"CMYK", "LAB"} else None
    if given is None and image.mode == "LAB":
        given = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if given is not None:
        srgb = ImageCms.createProfile("sRGB")
        try:
            turned = ImageCms.profileToProfile(image, given, srgb, outputMode="RGB")
        except ImageCms.PyCMSError:
            turned = None  # a profile of another colour space than the pixels says nothing
        if turned is not None:
            return turned
    return image.convert("RGB")


def _profile(data: bytes) -> ImageCms.ImageCmsProfile | None:
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(data)) if data else None
    except (ImageCms.PyCMSError, OSError):
        return None
