"""Validates a batch against a suite with great-expectations: one validation per batch over a tidy table of facts.

It reports and never re-routes. An expectation that breaks (`raised_exception`) is not a failure of the data.
The context is ephemeral, analytics are off and nothing leaves the machine. great-expectations takes seconds
to import and is imported only when a batch is validated. May import schemas; the suite is handed down.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from schemas.expectations import CLASSES, COLUMNS, DocumentFacts, Expectation
from schemas.findings import Severity
from schemas.reports import ExpectationReport, ExpectationResult
from schemas.wording import say

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.data_context.types.base import DataContextConfig
    from great_expectations.expectations.row_conditions import Condition

_ID: Final = "document_id"
# What GX reads from the environment while it is being imported.
_QUIET: Final = {"GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}
_DETAIL_LENGTH: Final = 300


@dataclass(frozen=True)
class Validated:
    """A validation for Data Docs: the expectations in their order, their results, and which version evaluated them."""

    suite: tuple[Expectation, ...]
    report: ExpectationReport
    version: str


def validate(
    batch: str, rows: Sequence[DocumentFacts], suite: Sequence[Expectation], lang: str = "vi"
) -> Validated:
    """Validate a batch against a suite; an empty batch passes."""
    gx = library()
    context = gx.get_context(mode="ephemeral", project_config=_project())
    source = context.data_sources.add_pandas("sohoa")
    definition = source.add_dataframe_asset("documents").add_batch_definition_whole_dataframe("whole")
    gx_suite = context.suites.add(gx.ExpectationSuite(name="documents"))
    for expectation in suite:
        gx_suite.add_expectation(_expectation(expectation, lang))
    validation = context.validation_definitions.add(
        gx.ValidationDefinition(name=batch, data=definition, suite=gx_suite)
    )
    outcome = validation.run(
        batch_parameters={"dataframe": table_of(rows)},
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [_ID]},
    )
    found = {
        result.expectation_config.meta["key"]: result
        for result in outcome.results
        if result.expectation_config
    }
    results = tuple(_result(expectation, found.get(expectation.key)) for expectation in suite)
    report = ExpectationReport(batch=batch, documents=len(rows), results=results)
    return Validated(tuple(suite), report, str(gx.__version__))


def library() -> ModuleType:
    """great-expectations, imported on first use, its analytics off before it can start them."""
    os.environ.update(_QUIET)
    with warnings.catch_warnings():
        # Ignore deprecations inside the library; they would fail if warnings are errors.
        warnings.simplefilter("ignore")
        import great_expectations  # noqa: PLC0415 - seconds to import
    return great_expectations


def _project() -> DataContextConfig:
    """An in-memory context: no temporary docs site, no progress bars, no analytics."""
    from great_expectations.data_context.types import base  # noqa: PLC0415

    return base.DataContextConfig(
        store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=base.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def table_of(rows: Sequence[DocumentFacts]) -> pd.DataFrame:
    """The rows as a table. Columns keep their names without rows, so that an empty batch can be validated."""
    import pandas as pd  # noqa: PLC0415 - 0.4 s to import

    # Objects, not pandas' own types: a missing value stays None, which expectations pass over.
    return pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS), dtype=object)


def _expectation(expectation: Expectation, lang: str) -> Any:
    signature = CLASSES[expectation.expectation]
    columns = expectation.columns
    named = (
        {"column_list": list(columns)}
        if signature.columns == ("column_list",)
        else dict(zip(signature.columns, columns, strict=True))
    )
    return getattr(library().expectations, expectation.expectation)(
        **named,
        **signature.fixed,
        **expectation.arguments,
        row_condition=_condition(expectation.where),
        severity=_SEVERITIES[expectation.severity],
        meta={"key": expectation.key},
        description=say("expectation", expectation.key, lang),
    )


def _condition(where: Mapping[str, Any]) -> Condition | None:
    """Rows in which every column has its value, or one of its values."""
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415 - seconds to import

    whole: Condition | None = None
    for column, value in where.items():
        part = Column(column).is_in(value) if isinstance(value, list) else Column(column) == value
        whole = part if whole is None else whole & part
    return whole


def _result(expectation: Expectation, found: ExpectationValidationResult | None) -> ExpectationResult:
    key, severity = expectation.key, expectation.severity
    trouble = "the expectation brought no result" if found is None else _exception(found.exception_info)
    if found is None or trouble is not None:
        return ExpectationResult(key=key, severity=severity, success=False, broken=True, detail=trouble or "")
    outcome = found.result or {}
    failing = {str(row[_ID]) for row in outcome.get("unexpected_index_list") or ()}
    return ExpectationResult(
        key=key,
        severity=severity,
        success=bool(found.success),
        # `missing_count` is None if the expectation is about missing values.
        checked=outcome["element_count"] - (outcome.get("missing_count") or 0),
        unexpected=outcome["unexpected_count"],
        documents=tuple(sorted(failing)),
    )


def _exception(info: Mapping[str, Any] | None) -> str | None:
    """Error of a check, or None: GX reports it at the top level or per failed metric."""
    if not info:
        return None
    parts = [info] if "raised_exception" in info else [part for part in info.values() if part]
    broken = [part for part in parts if part.get("raised_exception")]
    return str(broken[0].get("exception_message"))[:_DETAIL_LENGTH] if broken else None
