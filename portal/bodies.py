"""Requests read with bounds, and refusals told in one shape; nothing of a body is ever logged."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from portal.shapes import ProblemAnswer, ProblemCode, WrongField
from schemas.wording import say

MOST_BYTES: Final = 16 * 1024
_JSON: Final = "application/json"
_SHOWN: Final = 60
_PRIVATE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Body = TypeVar("Body", bound=BaseModel)
# pydantic's words for what may be wrong, in ours; others of ours are raised in `portal.shapes`.
_WRONG: Final = {
    "missing": "missing",
    "string_type": "not_text",
    "string_too_long": "too_long",
    "string_too_short": "empty",
    "extra_forbidden": "unknown_field",
}
# The field that a rule about several is told at.
_TOLD_AT: Final = {"one_way": "owner_id", "type_and_number": "number"}


class Refused(HTTPException):
    """A request that is not answered."""

    def __init__(
        self,
        status: int,
        code: ProblemCode,
        *,
        fields: list[WrongField] | None = None,
        headers: dict[str, str] | None = None,
        **words: object,
    ) -> None:
        super().__init__(status, code, headers)
        self.code: ProblemCode = code
        self.fields = fields or []
        self.words = words


def refusal(error: Refused, lang: str) -> Response:
    """The answer that tells a refusal."""
    said = say("api", f"problem_{error.code}", lang, **error.words)
    shape = ProblemAnswer(code=error.code, message=said, fields=error.fields)
    return answer(shape, error.status_code, error.headers)


def answer(shape: BaseModel, status: int = 200, headers: Any = None) -> Response:
    """An answer that nobody keeps on the way."""
    return JSONResponse(shape.model_dump(mode="json"), status, {**_PRIVATE, **(headers or {})})


def wrong_field(field: str, code: str, lang: str, **words: object) -> NoReturn:
    """Refuse a body because of one field.

    Raises:
        Refused: always.
    """
    raise Refused(422, "malformed", fields=[_wrong(field, code, lang, **words)])


async def body_of(request: Request, model: type[Body], lang: str) -> tuple[Body, bytes]:
    """The body of a request, checked, with its bytes.

    Raises:
        Refused: it is no JSON (415), too large (413) or malformed (422).
    """
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != _JSON or charset not in {"", "utf-8"}:
        raise Refused(415, "not_json")
    data = await _bytes_of(request)
    try:
        return model.model_validate(_parsed(data)), data
    except ValidationError as error:
        raise Refused(422, "malformed", fields=_fields(error, lang)) from None
    except (ValueError, RecursionError):
        raise Refused(422, "malformed", fields=[_wrong("", "json", lang)]) from None


async def _bytes_of(request: Request) -> bytes:
    """All bytes of a body; reading stops as soon as there are too many, whatever length was declared."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:12]) > MOST_BYTES:
        raise Refused(413, "too_large", most=MOST_BYTES // 1024)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            raise Refused(413, "too_large", most=MOST_BYTES // 1024)
    return bytes(data)


def _parsed(data: bytes) -> object:
    """Plain JSON: no name twice, no NaN, no half of a surrogate pair.

    Raises:
        ValueError: it is not.
    """
    parsed = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _fields(error: ValidationError, lang: str) -> list[WrongField]:
    found = []
    for each in error.errors(include_url=False, include_input=False):
        code = _WRONG.get(each["type"], each["type"])
        if code in {"model_type", "dict_type", "model_attributes_type"}:
            return [_wrong("", "not_object", lang)]
        field = str(each["loc"][0]) if each["loc"] else _TOLD_AT.get(code, "")
        most = each.get("ctx", {}).get("max_length")
        found.append(_wrong(field, code, lang, most=most))
    return found[:20]


def _wrong(field: str, code: str, lang: str, **words: object) -> WrongField:
    shown = field[:_SHOWN]
    return WrongField(field=shown, code=code, message=say("api", f"field_{code}", lang, field=shown, **words))
