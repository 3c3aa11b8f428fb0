"""The OpenAPI page of the look-up API: made of the very models that requests are checked with, served offline."""

from __future__ import annotations

import functools
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from portal.shapes import LookupAnswer, LookupBody, ProblemAnswer, ReuseAnswer, ReuseBody
from schemas.version import VERSION

_REF: Final = "#/components/schemas/{model}"
_REFUSALS: Final = {
    "401": "Thiếu khóa, khóa sai hoặc đã thu hồi",
    "403": "Khóa không có quyền này",
    "413": "Thân yêu cầu quá 16 KB",
    "415": "Không phải application/json",
    "422": "Nội dung sai, kèm từng trường",
    "429": "Quá số lượt mỗi phút của khóa; xem Retry-After",
    "503": "Kho hoặc danh mục đang không dùng được; xem Retry-After",
}


@functools.cache
def openapi() -> dict[str, Any]:
    """The page as plain data."""
    asked, told = (LookupBody, ReuseBody), (LookupAnswer, ReuseAnswer, ProblemAnswer)
    inputs = [(model, "validation") for model in asked]
    outputs = [(model, "serialization") for model in told]
    _, schemas = models_json_schema([*inputs, *outputs], ref_template=_REF)  # type: ignore[list-item]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sohoa: tra cứu kết quả số hóa cho Bộ phận Một cửa",
            "version": VERSION,
            "description": "Tra cứu không phải là tái sử dụng; chỉ /api/v1/reuse ghi nhận tái sử dụng.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": {
            "/api/v1/lookup": {"post": _lookup()},
            "/api/v1/reuse": {"post": _reuse()},
            "/api/v1/pdfa/{token}": {"get": _pdfa()},
            "/api/v1/openapi.json": {"get": _itself()},
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _lookup() -> dict[str, Any]:
    return {
        "operationId": "lookup",
        "summary": "Công dân đã có kết quả nào trong kho",
        "requestBody": _json_body("LookupBody"),
        "responses": {"200": _json("Giấy tìm thấy; có thể không có giấy nào", "LookupAnswer"), **_refusals()},
    }


def _reuse() -> dict[str, Any]:
    return {
        "operationId": "reuse",
        "summary": "Xác nhận một kết quả đã thay một thành phần hồ sơ",
        "requestBody": _json_body("ReuseBody"),
        "responses": {
            "201": _json("Đã ghi nhận", "ReuseAnswer"),
            "200": _json("Đã ghi nhận từ trước, không ghi thêm", "ReuseAnswer"),
            "409": _problem("Thành phần ấy của hồ sơ đã được thay bằng mã khác"),
            **_refusals(),
        },
    }


def _pdfa() -> dict[str, Any]:
    token = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    codes = {
        "403": "Liên kết của khóa khác",
        "404": "Liên kết không có thật",
        "410": "Liên kết hết hạn, hoặc giấy không còn được trả lời",
    }
    codes |= {code: _REFUSALS[code] for code in ("429", "503")}
    return {
        "operationId": "pdfa",
        "summary": "Tệp PDF/A của một giấy đã tra cứu",
        "security": [{}, {"key": []}],
        "parameters": [token],
        "responses": {
            "200": {"description": "PDF/A", "content": {"application/pdf": {}}},
            **{code: _problem(said) for code, said in codes.items()},
        },
    }


def _itself() -> dict[str, Any]:
    plain = {"description": "Trang này", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "operationId": "openapi",
        "summary": "Mô tả giao diện",
        "security": [{}],
        "responses": {"200": plain},
    }


def _refusals() -> dict[str, Any]:
    return {code: _problem(said) for code, said in _REFUSALS.items()}


def _problem(said: str) -> dict[str, Any]:
    return _json(said, "ProblemAnswer")


def _json(said: str, model: str) -> dict[str, Any]:
    return {"description": said, "content": _content(model)}


def _json_body(model: str) -> dict[str, Any]:
    return {"required": True, "content": _content(model)}


def _content(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}
