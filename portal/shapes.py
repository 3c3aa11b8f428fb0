"""Bodies of the look-up API as they are asked and answered; the OpenAPI page is made of them."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.codes import GRAMMARS, is_owner_identifier, parse_result_code
from schemas.confirmed_reuse import LONGEST_NAME
from schemas.documents import ValidityState
from schemas.text import nfc, number_key

_YEARS: Final = range(2000, 2200)


def _plain(text: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} for char in text):
        raise PydanticCustomError("not_plain", "control characters")
    return nfc(text)


def _owner(text: str) -> str:
    bare = "".join(char for char in text if char not in " .")
    if not is_owner_identifier(bare):
        raise PydanticCustomError("owner_form", "9, 10, 12 or 13 digits")
    return bare


def _code(text: str) -> str:
    if parse_result_code(text) is None:
        raise PydanticCustomError("code_form", "not a code of a digitised result")
    return text


def _result_type(text: str) -> str:
    if not GRAMMARS["result_type"].match(text):
        raise PydanticCustomError("result_type_form", "not a KQ code")
    return text


def _number(text: str) -> str:
    if not number_key(text):
        raise PydanticCustomError("empty", "no letter and no digit")
    return text


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("moment_form", "not RFC 3339") from error
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise PydanticCustomError("moment_form", "without offset, or of no likely year")
    return text


def _line(longest: int) -> StringConstraints:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=longest)


_Name = Annotated[str, _line(LONGEST_NAME), AfterValidator(_plain)]
_Words = Annotated[str, _line(300), AfterValidator(_plain)]
_Code = Annotated[str, _line(300), AfterValidator(_plain), AfterValidator(_code)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LookupBody(_Body):
    """What is asked: exactly one of an owner, a code, or a result type with a number; and why."""

    owner_id: Annotated[str, _line(20), AfterValidator(_plain), AfterValidator(_owner)] | None = Field(
        None, description="Số định danh, CMND hoặc mã số thuế: 9, 10, 12 hoặc 13 chữ số"
    )
    code: _Code | None = Field(None, description="Mã kết quả số hóa")
    result_type: Annotated[str, _line(16), AfterValidator(_plain), AfterValidator(_result_type)] | None = (
        Field(None, description="Mã loại kết quả, như KQ.G15.000031; đi cùng number")
    )
    number: Annotated[str, _line(200), AfterValidator(_plain), AfterValidator(_number)] | None = Field(
        None, description="Số, ký hiệu của giấy; đi cùng result_type"
    )
    purpose: _Words = Field(description="Tra cứu để làm gì; được ghi lại, không ghi dữ liệu cá nhân vào đây")
    dossier: _Name | None = Field(None, description="MaHoSo của hồ sơ đang tiếp nhận")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.owner_id, self.code, self.result_type or self.number]
        if sum(way is not None for way in ways) != 1:
            raise PydanticCustomError("one_way", "exactly one way to ask")
        if (self.result_type is None) != (self.number is None):
            raise PydanticCustomError("type_and_number", "result_type and number go together")
        return self


class ReuseBody(_Body):
    """A result that took the place of a component in a dossier, as a desk confirms it."""

    dossier: _Name = Field(description="MaHoSo")
    component: _Name = Field(description="MaThanhPhanHoSo")
    code: _Code = Field(description="MaKetQuaThayThe")
    desk: _Words = Field(description="Tên Bộ phận Một cửa, hoặc mã hay tên đơn vị của bộ phận")
    at: Annotated[str, _line(40), AfterValidator(_moment)] = Field(
        description="Lúc xác nhận, có múi giờ", json_schema_extra={"format": "date-time"}
    )


class ValidityShape(_Body):
    """Whether the paper is in force today."""

    state: ValidityState
    basis: str | None = Field(
        description="Quy tắc quyết định; revoked: bị thu hồi, superseded: đã có giấy mới, operator: người xem"
    )
    until: str | None = Field(
        description="Ngày cuối còn hiệu lực, nếu biết", json_schema_extra={"format": "date"}
    )


class PdfaLink(_Body):
    """A short-lived link to the PDF/A."""

    url: str
    expires: str = Field(json_schema_extra={"format": "date-time"})


class NationalResult(_Body):
    """The same by the names of the national portal (GiayToKetQua)."""

    TenGiayTo: str
    GiayToId: str
    MaGiayToKetQua: str
    DuongDanTepTinKetQua: str


class Result(_Body):
    """One paper."""

    document_id: str
    code: str
    result_type: str
    name: str
    number: str | None
    issue_date: str | None = Field(json_schema_extra={"format": "date"})
    agency: str | None
    owner_name: str | None
    validity: ValidityShape
    pdfa: PdfaLink
    GiayToKetQua: NationalResult


class LookupAnswer(_Body):
    """What was found; `more`: there are others, ask more narrowly."""

    results: list[Result]
    more: bool


class NationalDocument(_Body):
    """The component by the names of the national portal (TaiLieuNop)."""

    MaHoSo: str
    MaThanhPhanHoSo: str
    MaKetQuaThayThe: str


class ReuseAnswer(_Body):
    """What is recorded; `new` is false where it was recorded before."""

    dossier: str
    component: str
    code: str
    document_id: str
    recorded: str = Field(json_schema_extra={"format": "date-time"})
    new: bool
    TaiLieuNop: NationalDocument


class WrongField(_Body):
    """One field that cannot be used."""

    field: str
    code: str
    message: str


ProblemCode = Literal[
    "unauthorised",
    "key_lacks_scope",
    "link_of_another_key",
    "link_unknown",
    "link_expired",
    "paper_gone",
    "other_code",
    "too_large",
    "not_json",
    "malformed",
    "too_many",
    "unavailable",
]


class ProblemAnswer(_Body):
    """Why there is no answer: a code for machines, a sentence for people, and the fields that are wrong."""

    code: ProblemCode
    message: str
    fields: list[WrongField] = []
