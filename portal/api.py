"""The look-up API of one-stop desks: what the state holds already is not asked of a citizen again (KH 5283 III.9-10).

A look-up is recorded before its answer is given, and is never re-use; re-use is what a desk confirms for a dossier.
"""

from __future__ import annotations

import hashlib
import hmac
import tempfile
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from configs.settings import Settings
from portal.bodies import Refused, answer, body_of, refusal, wrong_field
from portal.desks import unit_of_desk
from portal.keys import RateLimit, authenticated
from portal.links import LinkExpired, Links, Place
from portal.openapi import openapi
from portal.secret import derived, home_secret
from portal.shapes import (
    LookupAnswer,
    LookupBody,
    NationalDocument,
    NationalResult,
    PdfaLink,
    Result,
    ReuseAnswer,
    ReuseBody,
    ValidityShape,
)
from schemas.api_keys import ApiKey, Scope
from schemas.clock import VIETNAM, today
from schemas.confirmed_reuse import ConfirmedReuse
from schemas.errors import SohoaError, StoreError
from schemas.events import EventType
from schemas.facts import Origin
from schemas.masking import mask
from schemas.text import number_key
from schemas.version import TOOL
from storage import outbox
from storage.catalogue import api_keys, coded_papers, documents, facts, lookup_records
from storage.catalogue.database import Database
from storage.catalogue.events import new_event_id
from storage.catalogue.lookup_records import AskedBy, LookupRecord
from storage.catalogue.provenance import new_event
from storage.objects import ObjectStore
from workspace.looking_up import Answered, Asked, LookUps, is_within
from workspace.opening import Rules

PREFIX: Final = "/api/v1"
_CHUNK: Final = 256 * 1024
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_log = structlog.get_logger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]


class ApiContext(Protocol):
    """What the API works on; a `Workspace` is one."""

    @property
    def settings(self) -> Settings:
        """Of this machine."""

    @property
    def rules(self) -> Rules:
        """Names of result types and kinds."""

    @property
    def database(self) -> Database:
        """The catalogue."""

    @property
    def store(self) -> ObjectStore:
        """Where PDF/A files lie."""


def routes(context: ApiContext) -> list[Route]:
    """Routes of the API, for an application to mount at its root."""
    api = LookupApi(context)
    return [
        Route(f"{PREFIX}/lookup", api.told(api.lookup), methods=["POST"], name="api_lookup"),
        Route(f"{PREFIX}/reuse", api.told(api.reuse), methods=["POST"], name="api_reuse"),
        Route(f"{PREFIX}/pdfa/{{token}}", api.told(api.pdfa), methods=["GET"], name="api_pdfa"),
        Route(f"{PREFIX}/openapi.json", _openapi, methods=["GET"], name="api_openapi"),
    ]


async def _openapi(request: Request) -> Response:
    del request
    return JSONResponse(openapi())


class LookupApi:
    """The endpoints over one home."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._database = context.database
        self._lang = context.settings.lang
        secret = home_secret(context.settings.home)
        self._links = Links(derived(secret, "links"), context.settings.link_minutes * 60)
        self._hashing = derived(secret, "asked")
        self._rates = RateLimit()
        self._look_ups = LookUps(context.database)
        self._hours = Hours(context)

    def told(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint whose refusals and failures are answers of one shape; a failure's cause is logged, not told."""

        async def run(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Refused as error:
                return refusal(error, self._lang)
            except SohoaError as error:
                _log.error("api_unavailable", remedy=error.remedy, code=error.code)
                return refusal(Refused(503, "unavailable", headers={"Retry-After": "60"}), self._lang)

        return run

    async def lookup(self, request: Request) -> Response:
        """`POST /api/v1/lookup`."""
        key = await self._allowed(request, "lookup")
        body, _ = await body_of(request, LookupBody, self._lang)
        return answer(await run_in_threadpool(self._looked_up, key, body))

    async def reuse(self, request: Request) -> Response:
        """`POST /api/v1/reuse`."""
        key = await self._allowed(request, "reuse")
        body, data = await body_of(request, ReuseBody, self._lang)
        done = await run_in_threadpool(self._confirmed, key, body, data)
        return answer(done, 201 if done.new else 200)

    async def pdfa(self, request: Request) -> Response:
        """`GET /api/v1/pdfa/{token}`."""
        presented = request.headers.get("authorization")
        return await run_in_threadpool(self._fetched, request.path_params["token"], presented)

    async def _allowed(self, request: Request, scope: Scope) -> ApiKey:
        header = request.headers.get("authorization")
        key = await run_in_threadpool(authenticated, self._database, header)
        if key is None:
            raise Refused(401, "unauthorised", headers={"WWW-Authenticate": "Bearer"})
        self._within_rate(key)
        if scope not in key.scopes:
            raise Refused(403, "key_lacks_scope", scope=scope)
        return key

    def _within_rate(self, key: ApiKey) -> None:
        if wait := self._rates.seconds_to_wait(key):
            raise Refused(429, "too_many", headers={"Retry-After": str(wait)}, rate=key.rate, seconds=wait)

    def _looked_up(self, key: ApiKey, body: LookupBody) -> LookupAnswer:
        asked = Asked(body.owner_id, body.code, body.result_type, body.number)
        found, more = self._look_ups.find(asked, key.units)
        record = self._recorded(key, *self._hashed(body), body, [each.row.document.id for each in found])
        results = [self._result(each, Place(record.id, place)) for place, each in enumerate(found)]
        return LookupAnswer(results=results, more=more)

    def _recorded(
        self, key: ApiKey, asked_by: AskedBy, hashed: str, body: LookupBody | LookupRecord, ids: list[str]
    ) -> LookupRecord:
        record = LookupRecord(
            id=uuid.uuid4().hex,
            at="",
            key_id=key.id,
            system=key.system,
            asked_by=asked_by,
            asked_hash=hashed,
            purpose=mask(body.purpose),
            dossier=mask(body.dossier) if body.dossier else None,
            answered=tuple(ids),
        )
        made = lookup_records.enter(self._database, record)
        self._hours.turn()
        return made

    def _hashed(self, body: LookupBody) -> tuple[AskedBy, str]:
        """How was asked, and a keyed hash of what: equal questions are seen to be equal, and nothing else is."""
        asked_by: AskedBy = "number"
        what = f"{body.result_type} {number_key(body.number or '')}"
        if body.owner_id is not None:
            asked_by, what = "owner_id", body.owner_id.replace("-", "")
        elif body.code is not None:
            asked_by, what = "code", body.code
        return asked_by, hmac.new(self._hashing, what.encode(), hashlib.sha256).hexdigest()

    def _result(self, found: Answered, place: Place) -> Result:
        row, validity = found.row, found.validity
        paper, book = row.document, self._context.rules.book
        kind = paper.result_type.value if paper.result_type and paper.result_type.value else ""
        titles = {each.id: each.title for each in book.kinds}
        name = book.result_types[kind].name if kind in book.result_types else titles.get(paper.kind or "", "")
        url = f"{PREFIX}/pdfa/{self._links.token(place)}"
        code = row.code_shown or ""
        return Result(
            document_id=paper.id,
            code=code,
            result_type=kind,
            name=name,
            number=paper.value("number"),
            issue_date=paper.value("issue_date"),
            agency=paper.value("agency"),
            owner_name=paper.value("owner_name"),
            validity=ValidityShape(state=validity.state, basis=validity.basis, until=validity.until),
            pdfa=PdfaLink(url=url, expires=self._links.expires()),
            GiayToKetQua=NationalResult(
                TenGiayTo=name, GiayToId=paper.id, MaGiayToKetQua=code, DuongDanTepTinKetQua=url
            ),
        )

    def _fetched(self, token: str, presented: str | None) -> Response:
        try:
            place = self._links.place(token)
        except LinkExpired:
            raise Refused(410, "link_expired") from None
        made = lookup_records.find(self._database, place.lookup) if place is not None else None
        if place is None or made is None or place.position >= len(made.answered):
            raise Refused(404, "link_unknown")
        key = api_keys.find(self._database, made.key_id)
        if key is None or key.state != "in_use" or "lookup" not in key.scopes:
            raise Refused(410, "link_expired")
        if presented is not None and authenticated(self._database, presented) != key:
            raise Refused(403, "link_of_another_key")
        self._within_rate(key)
        found = self._look_ups.by_id(made.answered[place.position], key.units)
        if found is None or found.row.pdfa_key is None:
            raise Refused(410, "paper_gone")
        stream = self._opened(found.row.pdfa_key)
        self._recorded(key, "pdfa", made.id, made, [found.row.document.id])
        return _pdf(stream, found.row.document.id)

    def _opened(self, key: str) -> BinaryIO:
        """A PDF/A whose bytes were checked, as an unnamed file.

        Raises:
            Refused: it is lost or damaged.
        """
        with tempfile.TemporaryDirectory(prefix="sohoa-pdfa-") as folder:
            path = Path(folder) / "paper.pdf"
            try:
                self._context.store.get(key, path)
            except StoreError as error:
                if error.remedy not in {"object_absent", "object_damaged"}:
                    raise
                _log.error("pdfa_not_intact", key=key)
                raise Refused(410, "paper_gone") from None
            return path.open("rb")

    def _confirmed(self, key: ApiKey, body: ReuseBody, data: bytes) -> ReuseAnswer:
        moment = datetime.fromisoformat(body.at).astimezone(UTC)
        if moment > datetime.now(UTC) + _CLOCKS_DIFFER:
            wrong_field("at", "in_future", self._lang)
        document_id = self._coded(key, body.code, moment)
        day = moment.astimezone(VIETNAM).date()
        level, unit = unit_of_desk(self._database, body.desk, key, day)
        row = ConfirmedReuse(
            **body.model_dump(exclude={"at"}),
            document_id=document_id,
            level=level,
            unit=unit,
            at=moment,
            system=key.system,
        )
        run = new_event_id()
        event = new_event(
            EventType.REUSE,
            document_id,
            "confirmed",
            batch=None,
            agent=key.system,
            tool=TOOL,
            detail={"key": key.id, "dossier": body.dossier, "component": body.component, "unit": unit},
        )
        origin = Origin(
            file=f"{PREFIX}/reuse",
            sha256=hashlib.sha256(data).hexdigest(),
            operator=f"{key.system} ({key.id})",
        )
        held, new = facts.enter_once(self._database, facts.CONFIRMED, row, origin, event, run)
        if held.row.code != body.code:
            raise Refused(409, "other_code")
        self._hours.send()
        national = NationalDocument(
            MaHoSo=held.row.dossier, MaThanhPhanHoSo=held.row.component, MaKetQuaThayThe=held.row.code
        )
        return ReuseAnswer(
            **held.row.model_dump(include={"dossier", "component", "code", "document_id"}),
            recorded=held.origin.known_at,
            new=new,
            TaiLieuNop=national,
        )

    def _coded(self, key: ApiKey, code: str, moment: datetime) -> str:
        """The paper of a code that was in force at a moment; one out of the key's units is as one that is not there."""
        holder = coded_papers.holder_of(self._database, code)
        row = documents.of_ids(self._database, [holder[0]]).get(holder[0]) if holder else None
        if holder is None or row is None or not is_within(row, key.units, today()):
            wrong_field("code", "code_unknown", self._lang)
        if holder[1] is not None and (not holder[1] or datetime.fromisoformat(holder[1]) <= moment):
            wrong_field("code", "code_void", self._lang)
        return holder[0]


class Hours:
    """Ends an hour of look-ups by its event, as the first look-up of another hour comes in, and sends what waits."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._hour = ""

    def turn(self) -> None:
        """To be called after a look-up."""
        hour = datetime.now(UTC).strftime("%Y-%m-%dT%H")
        with self._lock:
            turned, self._hour = self._hour != hour, hour
        if turned and lookup_records.end_hours(self._context.database):
            self.send()

    def send(self) -> None:
        """Store what is recorded; if the store is away it goes out next time."""
        try:
            outbox.send(self._context.database, self._context.store)
        except StoreError as error:
            _log.warning("api_events_wait", remedy=error.remedy)


def _pdf(stream: BinaryIO, document_id: str) -> Response:
    stream.seek(0, 2)
    headers = {
        "Content-Length": str(stream.tell()),
        "Content-Disposition": f'inline; filename="{document_id}.pdf"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    stream.seek(0)
    return StreamingResponse(_chunks(stream), media_type="application/pdf", headers=headers)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk
