"""One request as a page sees it: who asks, what they may do and see, what their form says; and how pages are answered.

A page is a function of a `Visit`, run in a thread of its own. `page` makes its route: it checks in this order who is
signed in, that a form comes from a page of this session, and the right that the page needs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, NoReturn
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from portal import passwords, sessions
from portal.house import House
from portal.rights import Right, Scope, may
from portal.templating import rendered
from schemas.people import Account
from storage.catalogue import accounts
from workspace.opening import Workspace

MOST_FORM: Final = 64 * 1024  # bytes
_MOST_VALUES: Final = 500
_FORM: Final = "application/x-www-form-urlencoded"
_PARTS: Final = "multipart/form-data"
_BEFORE_A_PASSWORD: Final = frozenset({"/account", "/logout"})
_FILE: Final = "application/octet-stream"


class SentFile(NamedTuple):
    """A small file of a form: how it was called, and its bytes."""

    name: str
    data: bytes


class Visit:
    """One request. `person` and `scope` may only be asked for where a page needs somebody signed in."""

    def __init__(
        self,
        request: Request,
        house: House,
        person: Account | None,
        token: str | None,
        form: Mapping[str, str],
        body: bytes = b"",
        file: SentFile | None = None,
    ) -> None:
        self.request, self.house, self.token = request, house, token
        self.form, self.body, self.file = form, body, file
        self._person = person

    @property
    def signed_in(self) -> bool:
        """True if somebody is."""
        return self._person is not None

    @property
    def person(self) -> Account:
        """Who asks."""
        if self._person is None:
            raise HTTPException(401)
        return self._person

    @property
    def scope(self) -> Scope:
        """The part of the archive that the person sees."""
        return self.house.scope(self.person)

    @property
    def workspace(self) -> Workspace:
        """The opened home with the person as the operator."""
        return self.house.workspace_of(self.person)

    def may(self, right: Right) -> bool:
        """True if the person may do that, within the scope."""
        return self._person is not None and may(self._person, right)

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def asked(self, name: str) -> str:
        """A value of the query: days, pages, nothing of a person."""
        return self.request.query_params.get(name, "").strip()[:200]

    def page(self, template: str, *, status: int = 200, **given: Any) -> Response:
        """A page from its template."""
        return HTMLResponse(
            rendered(template, self.house.lang, visit=self, house=self.house, **given), status
        )

    @property
    def form_token(self) -> str:
        """What every form of a page carries as `token`."""
        return sessions.form_token(self.token) if self.token else ""


Handler = Callable[[Visit], Response]


def absent() -> NoReturn:
    """Answer that there is nothing here; the same whether it is absent or belongs to others."""
    raise HTTPException(404)


def see(path: str) -> Response:
    """Send the browser on to a page of ours, with GET. `path` is never made of what was sent."""
    return RedirectResponse(path, 303)


def page(
    path: str,
    handler: Handler,
    need: Right | None,
    methods: Sequence[str] = ("GET",),
    *,
    public: bool = False,
    asks_itself: bool = False,
    most: int = MOST_FORM,
    raw: bool = False,
    table: bool = False,
) -> Route:
    """The route of a page.

    Args:
        path: as Starlette writes it.
        handler: makes the answer.
        need: right that the person needs; None: being signed in is enough.
        methods: GET or POST.
        public: nobody needs to be signed in.
        asks_itself: the page asks by itself, which does not keep the session open.
        most: bytes of a form.
        raw: what is sent are bytes of a file, by a script of ours with the token in `X-Form-Token`.
        table: the form may carry one small file.
    """

    async def endpoint(request: Request) -> Response:
        house: House = request.app.state.house
        token = sessions.cookie(request, house, sessions.SESSION)
        person, first = await run_in_threadpool(_who, house, token, touch=not asks_itself)
        if person is None:
            token = sessions.cookie(request, house, sessions.BEFORE)
            if not public:
                return _to_sign_in(request)
        form, body, file = await _sent(request, token, most, raw=raw, table=table)
        if first and path not in _BEFORE_A_PASSWORD:
            return RedirectResponse("/account", 303)
        if need is not None and (person is None or not may(person, need)):
            raise HTTPException(403)
        return await run_in_threadpool(handler, Visit(request, house, person, token, form, body, file))

    return Route(path, endpoint, methods=list(methods), name=path)


def _who(house: House, token: str | None, *, touch: bool) -> tuple[Account | None, bool]:
    """Who is signed in, and whether that person must choose a password first."""
    person = sessions.person_of(house, token, touch=touch)
    if person is None:
        return None, False
    once = passwords.is_for_once(accounts.secret_of(house.database, person.key).password)
    return person, once and not sessions.by_provider(house, token)


async def _sent(
    request: Request, token: str | None, most: int, *, raw: bool, table: bool
) -> tuple[Mapping[str, str], bytes, SentFile | None]:
    """What a form says, or the bytes of a file, once it is known to come from a page of this session."""
    if request.method != "POST":
        return {}, b"", None
    _refuse_foreign(request)
    header = request.headers.get("x-form-token", "")
    if raw:
        _require_token(token, header)
        return {}, await _bytes(request, most), None
    if table and request.headers.get("content-type", "").startswith(_PARTS):
        form, file = await _parts(request, most)
    else:
        form, file = await _form(request, min(most, MOST_FORM)), None
    _require_token(token, form.get("token") or header)
    return form, b"", file


async def _parts(request: Request, most: int) -> tuple[Mapping[str, str], SentFile | None]:
    """A form with a file; all of it is read with a bound before anything is made of it."""
    body = await _bytes(request, most, _PARTS)

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parsed = await MultiPartParser(request.headers, stream(), max_files=1, max_fields=50).parse()
    except MultiPartException as error:
        raise HTTPException(400) from error
    form = {name: value for name, value in parsed.multi_items() if isinstance(value, str)}
    files = [value for _, value in parsed.multi_items() if not isinstance(value, str)]
    try:
        file = SentFile(files[0].filename or "", await files[0].read()) if files else None
    finally:
        await parsed.close()
    return form, file if file and file.name else None


def _to_sign_in(request: Request) -> Response:
    if request.method in {"GET", "HEAD"} and "hx-request" not in request.headers:
        return RedirectResponse("/login", 303)
    response = HTMLResponse("", 401)
    response.headers["HX-Redirect"] = "/login"
    return response


def _refuse_foreign(request: Request) -> None:
    """Refuse a form that a browser says comes from another site; its token is looked at besides."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "form")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise HTTPException(403, "form")


def _require_token(token: str | None, given: str) -> None:
    if not sessions.is_form_token(token, given):
        raise HTTPException(403, "form")


async def _bytes(request: Request, most: int, kind: str = _FILE) -> bytes:
    """A body of that type; reading stops as soon as there is too much of it, whatever length was declared."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413)
    return bytes(body)


async def _form(request: Request, most: int) -> Mapping[str, str]:
    body = await _bytes(request, most, _FORM)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_VALUES, errors="strict"
        )
    except ValueError as error:
        raise HTTPException(400) from error
    return dict(pairs)
