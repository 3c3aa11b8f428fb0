"""What a batch is held against, with great-expectations: one validation a batch over a tidy table.

It reports and never re-routes. An expectation that breaks (`raised_exception`) is told from data that fail
it. The context is ephemeral, analytics are off and nothing leaves the machine. great-expectations takes
seconds to import and is imported only when a batch is validated; the checks themselves are plain functions
in `quality.document_table`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from quality.document_table import Row
from schemas.documents import Verdict
from schemas.findings import Severity
from schemas.reports import ExpectationReport, ExpectationResult
from schemas.wording import say

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.data_context.types.base import DataContextConfig

_ID: Final = "document_id"
# What GX reads from the environment while it is being imported.
_QUIET: Final = {"GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "warning", Severity.INFO: "info"}
_DETAIL_LENGTH: Final = 300


@dataclass(frozen=True)
class Check:
    """One expectation: a built-in of great-expectations, the column it looks at, and its arguments."""

    key: str
    severity: Severity = Severity.ERROR
    expectation: str = "ExpectColumnValuesToBeInSet"
    column: str = ""
    arguments: Mapping[str, Any] = field(default_factory=lambda: {"value_set": [True]})


@dataclass(frozen=True)
class Validated:
    """A validation as it ran, for Data Docs, beside the report made of it."""

    report: ExpectationReport
    result: ExpectationSuiteValidationResult


def checks(kind_threshold: float = 0.6, page_threshold: float = 0.6) -> tuple[Check, ...]:
    """Every expectation in the order of the report."""
    return (
        Check("document_id_unique", expectation="ExpectColumnValuesToBeUnique", column=_ID, arguments={}),
        Check("pages_accounted"),
        Check("kind_known", Severity.WARNING),
        _at_least("kind_confidence", kind_threshold),
        _at_least("page_confidence", page_threshold),
        Check("unit_resolved", Severity.WARNING),
        Check("number_wellformed", Severity.WARNING),
        Check("date_real", Severity.WARNING),
        Check("date_not_future", Severity.WARNING),
        Check("expiry_after_issue", Severity.WARNING),
        Check("owner_wellformed", Severity.WARNING),
        Check("validity_known", Severity.INFO),
        Check("mandatory_complete"),
        Check("confidence_enough", Severity.WARNING),
        Check("code_issued", Severity.WARNING),
        Check("code_wellformed"),
        Check("code_agrees"),
        Check("code_unique"),
        Check("stored"),
        Check(
            "verdict_not_invalid",
            column="verdict",
            arguments={"value_set": [str(Verdict.VALID), str(Verdict.NOT_CHECKED)]},
        ),
    )


def validate(
    batch: str, rows: Sequence[Row], *, kind_threshold: float = 0.6, page_threshold: float = 0.6
) -> ExpectationReport:
    """Hold a batch against every expectation; an empty batch meets them all."""
    return run(batch, rows, checks(kind_threshold, page_threshold)).report


def run(batch: str, rows: Sequence[Row], wanted: Sequence[Check], lang: str = "vi") -> Validated:
    """The same with a choice of expectations, and with what Data Docs are made from, in a language."""
    gx = library()
    context = gx.get_context(mode="ephemeral", project_config=_project())
    source = context.data_sources.add_pandas("sohoa")
    definition = source.add_dataframe_asset("documents").add_batch_definition_whole_dataframe("whole")
    suite = context.suites.add(gx.ExpectationSuite(name="documents"))
    for check in wanted:
        suite.add_expectation(_expectation(check, lang))
    validation = context.validation_definitions.add(
        gx.ValidationDefinition(name=batch, data=definition, suite=suite)
    )
    result = validation.run(
        batch_parameters={"dataframe": table_of(rows)},
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [_ID]},
    )
    found = {each.expectation_config.meta["key"]: each for each in result.results if each.expectation_config}
    report = ExpectationReport(
        batch=batch,
        documents=len(rows),
        results=tuple(_result(check, found.get(check.key), len(rows)) for check in wanted),
    )
    return Validated(report, result)


def library() -> ModuleType:
    """great-expectations, imported on first use, its analytics off before it can start them."""
    os.environ.update(_QUIET)
    with warnings.catch_warnings():
        # Deprecations inside the library are its own affair; where warnings are errors they would stop us.
        warnings.simplefilter("ignore")
        import great_expectations  # noqa: PLC0415 - seconds to import
    return great_expectations


def _project() -> DataContextConfig:
    """All in memory: no folder for a docs site among the temporary files, no progress bars, no analytics."""
    from great_expectations.data_context.types import base  # noqa: PLC0415

    return base.DataContextConfig(
        store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=base.ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def table_of(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows as a table. Columns keep their names without rows, so that an empty batch can be validated."""
    import pandas as pd  # noqa: PLC0415 - 0.4 s to import

    columns = list(Row.__dataclass_fields__)
    # Objects, not pandas' own booleans: "does not apply" stays None, which expectations pass over.
    return pd.DataFrame([asdict(row) for row in rows], columns=columns, dtype=object)


def _at_least(key: str, threshold: float) -> Check:
    return Check(
        key,
        Severity.INFO,
        expectation="ExpectColumnValuesToBeBetween",
        arguments={"min_value": threshold, "max_value": 1.0},
    )


def _expectation(check: Check, lang: str) -> Any:
    return getattr(library().expectations, check.expectation)(
        column=check.column or check.key,
        severity=_SEVERITIES[check.severity],
        meta={"key": check.key},
        description=say("expectation", check.key, lang),
        **check.arguments,
    )


def _result(check: Check, found: ExpectationValidationResult | None, rows: int) -> ExpectationResult:
    trouble = "the expectation brought no result" if found is None else _exception(found.exception_info)
    if found is None or trouble is not None:
        return ExpectationResult(
            key=check.key, severity=check.severity, success=False, broken=True, detail=trouble or ""
        )
    outcome = found.result or {}
    failing = {str(each[_ID]) for each in outcome.get("unexpected_index_list") or ()}
    return ExpectationResult(
        key=check.key,
        severity=check.severity,
        success=bool(found.success),
        checked=outcome.get("element_count", rows) - (outcome.get("missing_count") or 0),
        unexpected=outcome.get("unexpected_count") or 0,
        documents=tuple(sorted(failing)),
    )


def _exception(info: Mapping[str, Any] | None) -> str | None:
    """Why a check broke, or None: GX says so at the top, or once for each metric that broke."""
    if not info:
        return None
    parts = [info] if "raised_exception" in info else [each for each in info.values() if each]
    broken = [each for each in parts if each.get("raised_exception")]
    return str(broken[0].get("exception_message"))[:_DETAIL_LENGTH] if broken else None
