"""Replaces the text layer of pages of a stored PDF/A; what is drawn stays byte for byte.

Only the content streams of the named pages and the metadata are written anew. The file given is never changed: the
result is another file.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pikepdf
from pikepdf import Dictionary, Name, Stream

from schemas.errors import SourceError
from schemas.reading import PageReading
from schemas.renditions import Rendition, RenditionIdentity
from schemas.rules import RenditionProfile
from storage.pdfa import geometry
from storage.pdfa.damage import DAMAGED
from storage.pdfa.font import add_font
from storage.pdfa.geometry import Matrix
from storage.pdfa.metadata import publisher_of, write_metadata
from storage.pdfa.text_layer import text_operators
from storage.pdfa.writer import measured, new_file, save

# What `storage.pdfa.writer` draws on a page: an optional turn, then the image.
_PAINT: Final = re.compile(
    rb"(?P<turn>q (?:[-\d.]+ ){6}cm\n)?q (?:(?:[\d.]+ )+[a-z]+ )?(?P<matrix>(?:[-\d.]+ ){6})cm /Im0 Do Q\n"
)


def replace_text(
    path: Path,
    texts: Sequence[tuple[int, PageReading]],
    out: Path,
    identity: RenditionIdentity,
    profile: RenditionProfile,
) -> Rendition:
    """Write a copy of a PDF/A with other words on some of its pages, whole or not at all.

    Args:
        path: a file that `write_pdfa` or this function wrote.
        texts: indices of the pages to change, with their words; all others stay as they are.
        out: the file to write; readable by its owner alone (0600).
        identity: for the metadata; the agency that converted the paper is taken from the file.
        profile: the flavour that the file claims already.

    Returns:
        The written file; `streams` has the digest of every image stream of the file given.

    Raises:
        SourceError: the file is damaged, or is not of the form that the writer gives.
    """
    partial = new_file(out.parent)
    try:
        with pikepdf.open(path, attempt_recovery=False) as pdf:
            streams = tuple(_image_digest(page) for page in pdf.pages)
            for at, reading in texts:
                _lay(pdf, pdf.pages[at], reading)
            agency = publisher_of(_packet(pdf))
            write_metadata(pdf, identity.model_copy(update={"agency": agency}), profile)
            save(pdf, partial)
        size, digest = measured(partial)
        partial.replace(out)
    except DAMAGED as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        raise SourceError("pdfa_failed", detail, detail=detail) from error
    finally:
        partial.unlink(missing_ok=True)
    return Rendition(
        pages=len(streams),
        size=size,
        sha256=digest,
        flavour=profile.flavour,
        streams=streams,
        corrected=identity.corrections,
    )


def _packet(pdf: pikepdf.Pdf) -> str:
    metadata: Any = pdf.Root.Metadata
    return bytes(metadata.read_bytes()).decode("utf-8")


def _image_digest(page: pikepdf.Page) -> str:
    image: Any = page.obj.Resources.XObject.Im0
    return hashlib.sha256(image.read_raw_bytes()).hexdigest()


def _lay(pdf: pikepdf.Pdf, page: pikepdf.Page, reading: PageReading) -> None:
    """Give a page other words; a turned page has them inside its turn."""
    contents: Any = page.obj.Contents
    paint = _PAINT.match(contents.read_bytes())
    if paint is None:
        raise ValueError("the page is not drawn as the writer does")
    matrix = Matrix(*map(float, paint["matrix"].split()))
    text = text_operators(reading, geometry.bounds(matrix))
    if paint["turn"]:
        text += b"\nQ\n"
    content = Stream(pdf, zlib.compress(paint[0] + text), Filter=Name.FlateDecode)
    page.obj.Contents = pdf.make_indirect(content)
    if "/Font" not in page.obj.Resources:
        page.obj.Resources.Font = Dictionary(F0=add_font(pdf))
