"""Originals that substitute pages of another, copied beside it as members of its page list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from extractors.intake import sniff
from schemas.batches import StagedFile
from schemas.reading import Format, PageList, PageSource
from storage.catalogue import originals
from storage.objects import keys
from workspace.opening import Workspace


def edits_of(pages: Sequence[PageSource]) -> dict[int, str]:
    """What a person changed, by page."""
    return {page.number: page.edit for page in pages if page.edit}


def substitutes_of(pages: Sequence[PageSource]) -> tuple[str, ...]:
    """SHA-256 of the originals that stand for pages, in the order of their members."""
    found = {page.member or 0: page.substitute for page in pages if page.substitute}
    return tuple(found[member] for member in sorted(found) if found[member])


def with_substitutes(
    workspace: Workspace, staged: StagedFile, pages: PageList, folder: Path, image: StagedFile | None = None
) -> StagedFile:
    """A staged original with its substitute originals as members.

    `image` is one of them that is not stored yet.

    Raises:
        StoreError: one of them is gone or damaged.
    """
    substitutes = substitutes_of(pages.pages)
    if not substitutes:
        return staged
    own = staged.members or (staged,)
    others = (
        image if image is not None and image.sha256 == sha256 else fetched(workspace, sha256, folder)
        for sha256 in substitutes
    )
    return staged.model_copy(update={"members": (*own, *others)})


def fetched(workspace: Workspace, sha256: str, folder: Path) -> StagedFile:
    """A copy of a stored original in a private folder.

    Raises:
        StoreError: it is gone or damaged.
        SourceError: the catalogue does not know it, and its bytes are of no known format.
    """
    row = originals.find(workspace.database, sha256)
    path = folder / f"original-{sha256[:32]}"
    if not path.exists():
        workspace.store.get(keys.original(sha256), path)
    size, kind = (row.size, Format(row.format)) if row else (path.stat().st_size, sniff(path))
    return StagedFile(name=sha256, path=str(path), sha256=sha256, size=size, format=kind)
