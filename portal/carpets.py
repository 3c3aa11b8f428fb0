"""Carpets on the page: which pieces lie on a screen, their pictures, and what a person said about them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from portal.house import House
from portal.review_answers import decided
from portal.rights import Right, Scope
from portal.visits import Visit
from review.carpets import MOST, Alike, Piece, is_in, piece_of, place_on_page
from review.deciding import Requested
from review.questions import Waiting, waiting_papers
from review.queueing import Queued
from schemas.documents import Route
from schemas.errors import BatchHeld, CatalogueError, StoreError
from schemas.reading import Box
from schemas.review import ACCEPTANCE, AWAITED, KIND
from storage.catalogue import leases
from storage.catalogue.documents import DocumentRow
from workspace.pictures import on_pages

HOW: Final = "carpet"
LEASE: Final = 120_000  # milliseconds; the page renews it


class Laid(NamedTuple):
    """A piece on the screen, with the version of its paper and the batch it is of."""

    piece: Piece
    version: int
    batch: str


class Said(BaseModel):
    """What a person said about one piece: it reads as it was read, or it is odd."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    target: str = Field(max_length=100)
    version: int = Field(ge=1)
    shown: str = Field(max_length=12)
    odd: bool = False


class Outcome(NamedTuple):
    """How many values were confirmed, papers accepted by it, and pieces left because something had changed."""

    confirmed: int
    accepted: int
    left: int


def pieces(house: House, scope: Scope, batch: str = "") -> list[tuple[Piece, Queued]]:
    """Every piece that waits within a scope."""
    return [
        (piece, paper)
        for paper in house.queue.papers(scope)
        if batch in {"", paper.batch}
        for piece in paper.pieces
        if not house.put_back.has(piece)
    ]


def laid(visit: Visit, alike: Alike, batch: str) -> tuple[list[Laid], int, int]:
    """The pieces of one screen, whose papers are now in the person's hand; how many lie in the carpet; until when."""
    found = [
        (piece, paper) for piece, paper in pieces(visit.house, visit.scope, batch) if is_in(piece, alike)
    ]
    found.sort(key=lambda each: (each[0].value, each[0].document_id))
    at, shown = int(time.time() * 1000), []
    for start in range(0, len(found), MOST):
        part = found[start : start + MOST]
        free = hold(visit, [piece.document_id for piece, _ in part], at)
        shown += [
            Laid(piece, paper.version, paper.batch) for piece, paper in part if piece.document_id in free
        ]
        if len(shown) >= MOST:
            leases.give_up_all(
                visit.house.database, {each.piece.document_id for each in shown[MOST:]}, visit.person.name
            )
            break
    return shown[:MOST], len(found), at + LEASE


def hold(visit: Visit, ids: Sequence[str], at: int | None = None) -> frozenset[str]:
    """Take or renew the leases of these papers; those that are the person's now."""
    moment = int(time.time() * 1000) if at is None else at
    return leases.take_free(visit.house.database, ids, visit.person.name, moment, LEASE)


def tile(house: House, row: DocumentRow, target: str) -> bytes | None:
    """The picture of a value; those of other values of its page are drawn with it. None where there is none."""
    paper = row.document
    place = place_on_page(paper, target)
    if place is None:
        return None
    page, sha256 = place[0], paper.sha256
    facts = house.workspace.ledger.facts(sha256)
    rotation = facts[page].rotation if page in facts else 0

    def key(box: Box | None) -> tuple[str, str]:
        return f"{sha256}:{row.digests.reading}:{page}:{rotation}", str(box)

    if (known := house.tiles.get(key(place[1]))) is not None:
        return known
    from extractors.tiles import cut_tiles  # noqa: PLC0415 - OpenCV: only where pictures are cut

    places = [place, *(place_on_page(paper, each) for each in (KIND, *paper.fields))]
    boxes = list(dict.fromkeys(each[1] for each in places if each is not None and each[0] == page))
    try:
        with house.workspace.document_locks.hold(sha256):
            cut = on_pages(house.workspace, sha256, cut_tiles, {page: (rotation, boxes)})
    except StoreError:
        return None
    for box, data in zip(boxes, cut.get(page, ()), strict=False):
        house.tiles.put(key(box), data)
    return house.tiles.get(key(place[1]))


def read(form: Mapping[str, str]) -> tuple[list[Said], int]:
    """What a form says of the pieces, and how many milliseconds the person looked at them."""
    taken = form.get("ms", "0")
    ms = int(taken) if taken.isascii() and taken.isdigit() and len(taken) < 9 else 0
    try:
        given = json.loads(form.get("pieces", "[]"))
        if not isinstance(given, list) or len(given) > MOST:
            raise HTTPException(400)
        return [Said.model_validate(each) for each in given], min(ms, 86_400_000)
    except (ValueError, ValidationError) as error:
        raise HTTPException(400) from error


def confirm(visit: Visit, said: Sequence[Said], ms: int, as_of: date) -> Outcome:
    """Enter what was confirmed as answers, one batch after another; what has changed meanwhile is left as it is."""
    house, right = visit.house, [each for each in said if not each.odd]
    mine = hold(visit, [each.id for each in right])
    papers = waiting_papers(house.database, sorted(mine), house.workspace.rules.book)
    by_batch: dict[str, list[Said]] = {}
    for each in right:
        if each.id in papers and visit.scope.has(
            papers[each.id].row.document.unit, papers[each.id].row.batch
        ):
            by_batch.setdefault(papers[each.id].row.batch, []).append(each)
    confirmed = accepted = 0
    share = ms // len(said) if said else 0
    for batch, asked in by_batch.items():
        with house.turns.of(batch):
            known = waiting_papers(house.database, [each.id for each in asked], house.workspace.rules.book)
            requested = [
                made for each in asked if (made := _requested(known.get(each.id), each, share)) is not None
            ]
            awaits = () if visit.may(Right.ACCEPT) else [_awaiting(each) for each in requested]
            try:
                done = decided(visit.workspace, batch, [*requested, *awaits], as_of, how=HOW)
            except BatchHeld:
                continue
            except CatalogueError as error:
                if error.remedy != "version_taken":
                    raise
                continue
        if requested:
            house.closer.answered(batch)
        confirmed += len(requested)
        accepted += sum(each.after.document.route is Route.ACCEPTED for each in done)
    return Outcome(confirmed, accepted, len(right) - confirmed)


def _requested(paper: Waiting | None, said: Said, share: int) -> Requested | None:
    """The answer to a question that still is what was shown."""
    if paper is None or paper.row.version != said.version:
        return None
    for question in paper.questions:
        if question.target == said.target and question.shown == said.shown and piece_of(question):
            return Requested(said.id, said.target, value=question.value, took=share, shown=said.shown)
    return None


def _awaiting(made: Requested) -> Requested:
    return Requested(made.document_id, ACCEPTANCE, value=AWAITED)
