"""The file, or the files, that a document's pages are drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import pikepdf

from schemas.errors import SourceError
from schemas.reading import Format, PageSource
from schemas.rules import RenditionProfile
from storage.pdfa.damage import DAMAGED
from storage.pdfa.drawn import Drawn
from storage.pdfa.images import ColourSpaces
from storage.pdfa.pdf_source import PdfSource
from storage.pdfa.raster_source import RasterSource


class Originals:
    """Draws pages of one original, or of the files that a paper was joined from; a file is opened when first needed.

    Raises:
        SourceError: the original cannot be opened.
    """

    def __init__(
        self,
        path: str,
        kind: Format,
        profile: RenditionProfile,
        members: Sequence[tuple[str, Format]] = (),
    ) -> None:
        self._files = tuple(members) or ((path, kind),)
        self._profile = profile
        self._open: dict[int, PdfSource | RasterSource] = {}
        self._source(0)

    def close(self) -> None:
        """Close what was opened."""
        for source in self._open.values():
            source.close()
        self._open.clear()

    def draw(self, source: PageSource, out: pikepdf.Pdf, spaces: ColourSpaces) -> Drawn:
        """Put one page's picture into the file being written; raises what `PdfSource.draw` does."""
        if source.member is None:
            return self._source(0).draw(source, out, spaces)
        inside = source.model_copy(update={"number": source.member_page})
        try:
            drawn = self._source(source.member).draw(inside, out, spaces)
        except SourceError as error:
            error.page = source.number
            raise
        notes = [note.model_copy(update={"page": source.number}) for note in drawn.findings]
        return drawn._replace(findings=type(drawn.findings)(notes))

    def _source(self, index: int) -> PdfSource | RasterSource:
        if index not in self._open:
            path, kind = self._files[index]
            if kind is Format.PDF:
                self._open[index] = PdfSource(path, self._profile)
            else:
                try:
                    self._open[index] = RasterSource(path, kind)
                except DAMAGED as error:
                    raise SourceError("image_broken", str(error), detail=str(error)[:200]) from error
        return self._open[index]
