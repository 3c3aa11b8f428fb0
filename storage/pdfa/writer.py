"""Write one document's pages as PDF/A: pages as a viewer shows them, with an invisible text layer.

Memory stays flat: pages are drawn one by one; what had to be encoded anew goes to spool files once it adds up.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from schemas.errors import SourceError
from schemas.findings import Finding, Severity, finding
from schemas.reading import Format, PageReading, PageSource, Rotation
from schemas.renditions import Rendition, RenditionIdentity
from schemas.rules import RenditionProfile
from storage.pdfa import geometry
from storage.pdfa.damage import DAMAGED
from storage.pdfa.drawn import Drawn
from storage.pdfa.font import add_font
from storage.pdfa.geometry import number
from storage.pdfa.images import ColourSpaces
from storage.pdfa.metadata import write_metadata
from storage.pdfa.originals import Originals
from storage.pdfa.placeholder import placeholder
from storage.pdfa.text_layer import text_operators

_SPOOL_BYTES = 48_000_000


def write_pdfa(
    path: str,
    kind: Format,
    sources: Sequence[PageSource],
    readings: Sequence[PageReading],
    out: str | os.PathLike[str],
    identity: RenditionIdentity,
    profile: RenditionProfile,
    members: Sequence[tuple[str, Format]] = (),
) -> Rendition:
    """Write a document's pages to `out`, whole or not at all.

    The same original, readings, identity and profile give the same bytes.

    Args:
        path: the original.
        kind: what its bytes are.
        sources: the document's pages, in order.
        readings: what was read on them; matched by page number, pages without one get no text.
        out: file to write; readable by its owner alone (0600).
        identity: the document's identity for the metadata.
        profile: flavour, and resolution of renders.
        members: path and format of the files a paper was joined from; `PageSource.member` is the file of a page.

    A page that cannot be carried over, or was listed as broken, is replaced by a placeholder sheet; such a
    page has an error finding with the reason, and `page_placeholder`.

    Raises:
        SourceError: no page at all can be carried over, or the file cannot be opened; nothing is written.
    """
    target = Path(out)
    words = {reading.number: reading for reading in readings}
    with ExitStack() as stack:
        original = Originals(path, kind, profile, members)
        stack.callback(original.close)
        book = stack.enter_context(_Book(target.parent))
        lost: list[SourceError] = []
        for source in sources:
            try:
                drawn = _drawn(original, source, book)
                if book.add(drawn, words.get(source.number), source.turned):
                    # qpdf keeps in a source what was copied from it; the file is opened again for the next page.
                    original.close()
            except SourceError as error:
                lost.append(error)
                if len(lost) == len(sources):
                    raise
                book.add_placeholder(source, error)
        partial = book.save(identity, profile)
        try:
            size, digest = measured(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return Rendition(
        pages=len(sources),
        size=size,
        sha256=digest,
        findings=tuple(book.findings),
        flavour=profile.flavour,
        streams=tuple(book.streams),
        corrected=identity.corrections,
    )


def _drawn(original: Originals, source: PageSource, book: _Book) -> Drawn:
    """A page ready to be written; whatever a decoder raised on its data becomes the page's `SourceError`."""
    number = source.number
    for known in source.findings:
        if known.severity is Severity.ERROR:
            params: dict[str, Any] = dict(known.params)
            raise SourceError(known.rule, page=number, **params)
    try:
        return original.draw(source, book.pdf, book.spaces)
    except SourceError as error:
        error.page = number
        raise
    except MemoryError as error:
        raise SourceError("page_worker_died", "out of memory", page=number, detail="memory") from error
    except DAMAGED as error:
        detail = f"{type(error).__name__}: {error}"[:200]
        raise SourceError("page_broken", detail, page=number, detail=detail) from error


def measured(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file."""
    with path.open("rb") as stream:
        return os.fstat(stream.fileno()).st_size, hashlib.file_digest(stream, "sha256").hexdigest()


# Matrices that turn a page clockwise about its own corner.
_TURNS: Final[dict[int, str]] = {
    90: "0 -1 1 0 0 {width}",
    180: "-1 0 0 -1 {width} {height}",
    270: "0 1 -1 0 {height} 0",
}


class _Book:
    """The output file being assembled."""

    def __init__(self, folder: Path) -> None:
        self.findings: list[Finding] = []
        self.streams: list[str | None] = []
        self._folder = folder
        self._stack = ExitStack()
        self._spools: list[Path] = []
        self._with_text: list[bool] = []
        self._held = 0
        self._begin()

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *_: object) -> None:
        self.pdf.close()
        self._stack.close()

    def _begin(self) -> None:
        self.pdf = pikepdf.new()
        self.spaces = ColourSpaces(self.pdf)
        self._held = 0

    def add(self, drawn: Drawn, reading: PageReading | None, turned: Rotation = 0) -> bool:
        """Append a page, turned clockwise with its text. True if the pages so far were put aside on disk."""
        text = text_operators(reading, geometry.bounds(drawn.matrix)) if reading is not None else b""
        paint = f"q {drawn.fill}{drawn.matrix.operands()} cm /Im0 Do Q\n".encode("ascii")
        width, height = (drawn.height, drawn.width) if turned in {90, 270} else (drawn.width, drawn.height)
        has_text = bool(text)
        if turned:
            turn = _TURNS[turned].format(width=_real(drawn.width), height=_real(drawn.height))
            paint, text = f"q {turn} cm\n".encode("ascii") + paint, text + b"\nQ\n"
        content = Stream(self.pdf, zlib.compress(paint + text), Filter=Name.FlateDecode)
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, _real(width), _real(height)]),
            Resources=Dictionary(XObject=Dictionary(Im0=drawn.image)),
            Contents=self.pdf.make_indirect(content),
        )
        self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(page)))
        self.findings += drawn.findings
        self.streams.append(drawn.digest)
        self._with_text.append(has_text)
        self._held += drawn.held
        full = self._held > _SPOOL_BYTES
        if full:
            self._spool()
        return full

    def add_placeholder(self, source: PageSource, error: SourceError) -> None:
        """Append a placeholder sheet for a lost page."""
        sheet = placeholder(source, self.pdf, self.spaces)
        self.add(sheet.drawn, sheet.reading)
        params: dict[str, Any] = {
            key: value for key, value in error.params.items() if isinstance(value, (str, int, float))
        }
        self.findings.append(finding(error.rule, page=source.number, **params))

    def save(self, identity: RenditionIdentity, profile: RenditionProfile) -> Path:
        """Write all pages with font, metadata and output intent to a new file beside the target."""
        pdf = self._joined() if self._spools else self.pdf
        if any(self._with_text):
            font = add_font(pdf)
            for page, has_text in zip(pdf.pages, self._with_text, strict=True):
                if has_text:
                    page.obj.Resources.Font = Dictionary(F0=font)
        write_metadata(pdf, identity, profile)
        return self._written(pdf, deterministic=True)

    def _spool(self) -> None:
        spool = self._written(self.pdf, deterministic=False)
        self._stack.callback(spool.unlink, missing_ok=True)
        self._spools.append(spool)
        self.pdf.close()
        self._begin()

    def _joined(self) -> pikepdf.Pdf:
        """All spooled pages in one open file. By a qpdf job: copied between open files, streams would fill memory."""
        if len(self.pdf.pages):
            self._spool()
        joined = self._new_file()
        self._stack.callback(joined.unlink, missing_ok=True)
        parts = [str(spool) for spool in self._spools]
        options = ["--stream-data=preserve", "--deterministic-id"]
        pikepdf.Job(["qpdf", "--empty", "--pages", *parts, "--", *options, str(joined)]).run()
        return self._stack.enter_context(pikepdf.open(joined, access_mode=pikepdf.AccessMode.stream))

    def _new_file(self) -> Path:
        return new_file(self._folder)

    def _written(self, pdf: pikepdf.Pdf, *, deterministic: bool) -> Path:
        path = self._new_file()
        save(pdf, path, deterministic=deterministic)
        return path


def new_file(folder: Path) -> Path:
    """An empty file for a PDF/A that is being written, readable by its owner alone."""
    handle, name = tempfile.mkstemp(prefix=".pdfa-", suffix=".part", dir=folder)  # 0600
    os.close(handle)
    return Path(name)


def save(pdf: pikepdf.Pdf, path: Path, *, deterministic: bool = True) -> None:
    """Save an open file as PDF/A asks for, streams as they are; nothing is left where that fails."""
    try:
        pdf.save(
            path,
            force_version="1.7",
            fix_metadata_version=False,
            compress_streams=True,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=deterministic,
            static_id=not deterministic,
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _real(value: float) -> Decimal:
    """A number as the content stream writes it, so that page and image end at the same place."""
    return Decimal(number(value))
