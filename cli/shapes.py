"""Records as the JSON shapes of the contract (`tests/contract/`), findings with their sentences."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from schemas.documents import Choice, Document, Field
from schemas.findings import Finding
from schemas.reading import PageReading
from schemas.text import shown as shown
from schemas.wording import render


def finding_json(finding: Finding, lang: str, *, with_file: bool = False) -> dict[str, Any]:
    """One finding with its message and remedy."""
    message, remedy = render(finding, lang)
    shape: dict[str, Any] = {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "page": finding.page,
        "message": message,
        "remedy": remedy,
        "transient": finding.transient,
    }
    if with_file:
        shape["file"] = finding.file
    return shape


def page_json(reading: PageReading) -> dict[str, Any]:
    """One page of `sohoa read`."""
    failed = reading.state == "failed"
    return {
        "number": reading.number,
        "width": reading.width,
        "height": reading.height,
        "dpi": reading.dpi if reading.measures.dpi is None else reading.measures.dpi,
        "dpi_known": reading.measures.dpi_known,
        "rotation": reading.rotation,
        "confidence": reading.confidence,
        "text": None if failed else reading.text,
    }


def field_json(field: Field) -> dict[str, Any]:
    """One field."""
    return {
        "value": field.value,
        "raw": field.raw,
        "confidence": field.confidence,
        "source": field.source,
        "page": field.page,
        "box": list(field.box) if field.box else None,
    }


def _choice(choice: Choice | None) -> dict[str, Any] | None:
    return {"value": choice.value, "confidence": choice.confidence} if choice else None


def document_json(paper: Document) -> dict[str, Any]:
    """One document of `sohoa read`."""
    return {
        "id": paper.id,
        "pages": list(paper.pages),
        "kind": paper.kind,
        "result_type": _choice(paper.result_type),
        "procedure": _choice(paper.procedure),
        "role": str(paper.role),
        "fields": {name: field_json(field) for name, field in paper.fields.items()},
        "validity": {
            "state": str(paper.validity.state),
            "basis": paper.validity.basis,
            "source": paper.validity.source,
        },
        "route": str(paper.route),
    }


def read_json(
    file: str,
    sha256: str | None,
    status: str,
    findings: Sequence[Finding],
    pages: Sequence[PageReading],
    papers: Sequence[Document],
    lang: str,
) -> dict[str, Any]:
    """One line of `sohoa read --json`."""
    return {
        "file": file,
        "sha256": sha256,
        "status": status,
        "findings": [finding_json(finding, lang) for finding in findings],
        "pages": [page_json(page) for page in pages],
        "documents": [document_json(paper) for paper in papers],
    }


def print_json(shape: object) -> None:
    """One JSON value on one line of stdout, Vietnamese as it is."""
    sys.stdout.write(json.dumps(shape, ensure_ascii=False) + "\n")
    sys.stdout.flush()
