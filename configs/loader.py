"""Load the rules: files under `configs/` as frozen, validated models, cached for the life of the process.

Every function takes the folder of the rules (default: this one) and raises `ConfigurationError` naming file and row.
Imported lists of procedures and result types in `lists_dir` stand beside the shipped ones; the newest in force wins.
"""

from __future__ import annotations

import functools
import hashlib
import re
from datetime import date
from pathlib import Path
from typing import Any, Final

from configs import lists
from configs.rows import LazyRows, build, csv_rows, read_toml, refuse_overlaps, toml_model, unusable
from schemas.alerts import AlertRule
from schemas.calibration import CalibrationRow
from schemas.clock import today
from schemas.codes import GRAMMARS
from schemas.expectations import Expectation, what_is_wrong
from schemas.findings import RULES
from schemas.kinds import Kind
from schemas.period_reports import ReportRules
from schemas.reading import ImageMeasures
from schemas.retention import RetentionTerm
from schemas.rules import (
    Agency,
    AgencyLines,
    CodeForms,
    FigureRules,
    ImageRule,
    Limits,
    MarkRules,
    Merger,
    ReadingProfile,
    RenditionProfile,
    Rulebook,
    Target,
    Thresholds,
    Unit,
    ValidityRule,
)
from schemas.wording import has

ROOT: Final = Path(__file__).resolve().parent
_UNDERSTANDING: Final = ("*.toml", "*.csv", "kinds/*.toml", "units/*.csv")
_NOT_UNDERSTANDING: Final = {
    "limits.toml",
    "reading.toml",
    "rendition.toml",
    "targets.csv",
    "figures.toml",
    "codes.toml",
    "reports.toml",
    "indicators.toml",
    "indicator_targets.csv",
    "alerts.csv",
    "image_rules.csv",
    "expectations.toml",
    "calibration.csv",
    "retention.csv",
    "second_keying.toml",  # its rows in use, a home's own among them, are in the digest apart
}


@functools.cache
def load_limits(root: Path = ROOT) -> Limits:
    """Resource limits (`limits.toml`)."""
    return toml_model(Limits, root / "limits.toml")


@functools.cache
def load_reading_profile(root: Path = ROOT, engine: str | None = None) -> ReadingProfile:
    """The reading profile (`reading.toml`, and the family names of `surnames.toml`).

    Args:
        root: folder of the rules.
        engine: reads first instead of the profile's own.
    """
    profile = toml_model(ReadingProfile, root / "reading.toml")
    if engine is not None:
        profile = profile.model_copy(update={"engine": engine})
    diacritics = profile.diacritics.model_copy(update={"surnames": tuple(sorted(_surnames(root)))})
    return profile.model_copy(update={"diacritics": diacritics, "marks": load_marks(root)})


@functools.cache
def load_marks(root: Path = ROOT) -> MarkRules:
    """Marks of secrecy with the forms of their stamps (`marks.toml`); all of them, for old papers bear old forms."""
    rows = read_toml(root / "marks.toml")
    listed = rows.get("secret", ())
    return MarkRules(
        secret=tuple(str(row["mark"]) for row in listed),
        sizes=tuple((float(row["width"]), float(row["height"])) for row in listed),
        harmless=tuple(str(mark) for mark in rows.get("harmless", {}).get("marks", ())),
    )


def _surnames(root: Path) -> frozenset[str]:
    return frozenset(str(name) for name in read_toml(root / "surnames.toml").get("surnames", ()))


@functools.cache
def load_rendition_profile(root: Path = ROOT) -> RenditionProfile:
    """The rendition profile of PDF/A files (`rendition.toml`)."""
    return toml_model(RenditionProfile, root / "rendition.toml")


@functools.cache
def load_thresholds(root: Path = ROOT, engine: str | None = None) -> Thresholds:
    """Confidence required for acceptance without a person (`thresholds.toml`).

    A table named after an engine stands above the common values: the confidences of two engines are no common measure.

    Args:
        root: folder of the rules.
        engine: reads first; default that of the reading profile.
    """
    path = root / "thresholds.toml"
    rows = read_toml(path)
    own = rows.get(engine or load_reading_profile(root).engine, {})
    common = {name: value for name, value in rows.items() if not isinstance(value, dict)}
    return build(Thresholds, {**common, **own}, path, "Thresholds")


def load_own_thresholds(own: Path | None, root: Path = ROOT, engine: str | None = None) -> Thresholds:
    """The thresholds in use: those a home applied (`SOHOA_HOME/calibration.toml`) over the shipped ones."""
    shipped = load_thresholds(root, engine)
    if own is None or not own.is_file():
        return shipped
    return build(Thresholds, {**shipped.model_dump(), **read_toml(own)}, own, "Thresholds")


@functools.cache
def load_calibration(root: Path = ROOT) -> tuple[CalibrationRow, ...]:
    """The calibration that the shipped thresholds come from (`calibration.csv`)."""
    path = root / "calibration.csv"
    rows = csv_rows(CalibrationRow, path)
    for row in rows:
        if row.field not in Thresholds.model_fields:
            raise unusable(path, row.field, "no such threshold")
    return rows


@functools.cache
def load_image_rules(root: Path = ROOT) -> tuple[ImageRule, ...]:
    """Rules of image quality (`image_rules.csv`); a rule names a known finding and a measured property."""
    path = root / "image_rules.csv"
    rules = csv_rows(ImageRule, path)
    for rule in rules:
        if rule.rule not in RULES:
            raise unusable(path, rule.rule, "no such finding")
        if rule.property not in ImageMeasures.model_fields:
            raise unusable(path, rule.rule, f"no such property: {rule.property}")
    refuse_overlaps(rules, ("rule", "severity"), path)
    return rules


@functools.cache
def load_targets(root: Path = ROOT) -> tuple[Target, ...]:
    """Yearly targets in every reading (`targets.csv`)."""
    path = root / "targets.csv"
    rows = csv_rows(Target, path)
    refuse_overlaps(rows, ("level", "unit", "sector", "result_type", "period", "reading"), path)
    return rows


@functools.cache
def load_retention_terms(root: Path = ROOT) -> tuple[RetentionTerm, ...]:
    """Terms of retention by code and words (`retention.csv`)."""
    path = root / "retention.csv"
    rows = csv_rows(RetentionTerm, path)
    refuse_overlaps(rows, ("code",), path)
    return rows


@functools.cache
def load_figure_rules(root: Path = ROOT) -> FigureRules:
    """The cut-off between stock and flow, and the readings of "+20 % a year" (`figures.toml`)."""
    path = root / "figures.toml"
    rules = toml_model(FigureRules, path)
    refuse_overlaps(rules.reading, ("id",), path)
    refuse_overlaps(rules.cut_off, (), path)
    return rules


@functools.cache
def load_report_rules(root: Path = ROOT) -> ReportRules:
    """Closing days of quarter and year reports (`reports.toml`)."""
    path = root / "reports.toml"
    rules = toml_model(ReportRules, path)
    refuse_overlaps(rules.closing, ("period",), path)
    return rules


@functools.cache
def load_code_forms(root: Path = ROOT) -> CodeForms:
    """Forms of the codes of digitised results (`codes.toml`)."""
    path = root / "codes.toml"
    forms = toml_model(CodeForms, path)
    refuse_overlaps(forms.form, (), path)
    return forms


@functools.cache
def load_alert_rules(root: Path = ROOT) -> tuple[AlertRule, ...]:
    """Rules for raising and sending alerts (`alerts.csv`)."""
    path = root / "alerts.csv"
    rows = csv_rows(AlertRule, path, lists=("channels",))
    refuse_overlaps(rows, ("rule",), path)
    return rows


@functools.cache
def load_expectations(root: Path = ROOT, thresholds: Thresholds | None = None) -> tuple[Expectation, ...]:
    """The suite that batches are held against (`expectations.toml`), in the order of its pages.

    `thresholds` are those in use, if not the shipped ones.
    """
    path = root / "expectations.toml"
    rows = read_toml(path)
    if set(rows) != {"expectation"} or not isinstance(rows["expectation"], list):
        raise unusable(path, "TOML", "must consist of [[expectation]] tables")
    sure = thresholds or load_thresholds(root)
    suite = tuple(
        _expectation(row, number, path, sure) for number, row in enumerate(rows["expectation"], start=1)
    )
    refuse_overlaps(suite, ("key",), path)
    return suite


def _expectation(row: dict[str, Any], number: int, path: Path, sure: Thresholds) -> Expectation:
    where = str(row.get("key", f"expectation {number}"))
    expectation = build(Expectation, row, path, where)
    arguments = {name: _threshold(value, path, where, sure) for name, value in expectation.arguments.items()}
    expectation = expectation.model_copy(update={"arguments": arguments})
    wrong = what_is_wrong(expectation)
    if wrong is None and not (has("expectation", where) and has("expectation_rule", where)):
        wrong = "no words for it in [expectation] and [expectation_rule] of schemas/messages/ui_*.toml"
    if wrong is not None:
        raise unusable(path, where, wrong)
    return expectation


def _threshold(value: Any, path: Path, where: str, sure: Thresholds) -> Any:
    """The value of `thresholds.NAME`; anything else as it is."""
    if not (isinstance(value, str) and value.startswith("thresholds.")):
        return value
    name = value.removeprefix("thresholds.")
    if name not in Thresholds.model_fields:
        raise unusable(path, where, f"no such threshold: {value}")
    return min(1.0, getattr(sure, name))  # a field that is always asked needs more than any confidence


@functools.cache
def load_units(root: Path = ROOT) -> tuple[Unit, ...]:
    """Units of the home province in every dated snapshot (`units/units-*.csv`)."""
    rows: list[Unit] = []
    for path in sorted((root / "units").glob("units-*.csv")):
        rows.extend(csv_rows(Unit, path))
    refuse_overlaps(rows, ("code",), root / "units")
    return tuple(rows)


@functools.cache
def load_provinces(root: Path = ROOT) -> tuple[Unit, ...]:
    """Provinces of the country with the days on which they stood (`units/provinces.csv`)."""
    path = root / "units" / "provinces.csv"
    rows = csv_rows(Unit, path)
    refuse_overlaps(rows, ("name",), path)
    return rows


@functools.cache
def load_mergers(root: Path = ROOT) -> tuple[Merger, ...]:
    """Mergers of old units into new ones (`units/mergers-*.csv`); many-to-many, as some were split."""
    rows: list[Merger] = []
    for path in sorted((root / "units").glob("mergers-*.csv")):
        rows.extend(csv_rows(Merger, path))
    return tuple(rows)


@functools.cache
def load_agencies(root: Path = ROOT) -> tuple[Agency, ...]:
    """Agencies known by name (`agencies.csv`)."""
    path = root / "agencies.csv"
    rows = csv_rows(Agency, path, lists=("aliases",))
    refuse_overlaps(rows, ("name",), path)
    return rows


@functools.cache
def load_kinds(root: Path = ROOT) -> tuple[Kind, ...]:
    """Kinds of papers (`kinds/*.toml`), checked for consistency and against the code grammar."""
    kinds: list[Kind] = []
    for path in sorted((root / "kinds").glob("*.toml")):
        kind = toml_model(Kind, path)
        _check_kind(kind, path)
        kinds.append(kind)
    if not kinds:
        raise unusable(root / "kinds", "*.toml", "no kinds")
    known = {kind.id for kind in kinds}
    for kind in kinds:
        if kind.of_kind is not None and kind.of_kind not in known:
            raise unusable(root / "kinds" / f"{kind.id}.toml", "of_kind", f"no such kind: {kind.of_kind}")
    return tuple(kinds)


def _check_kind(kind: Kind, path: Path) -> None:
    if kind.id != path.stem:
        raise unusable(path, "id", f"{kind.id!r} is not the file's name")
    for code in (*kind.result_codes, *(row.code for row in kind.evidence)):
        if not GRAMMARS["result_type"].match(code):
            raise unusable(path, "result_codes", f"not a result code: {code}")
    if bool(kind.handed_over_on) != bool(kind.handed_over_to):
        raise unusable(path, "handed_over_on", "handed_over_on and handed_over_to go together")
    if bool(kind.of_kind) != bool(kind.subjects):
        raise unusable(path, "of_kind", "of_kind and subjects go together")
    for row in kind.evidence:
        if row.code not in kind.result_codes:
            raise unusable(path, "evidence", f"{row.code} is not among result_codes")
    for field in kind.fields:
        if field.pattern is None:
            continue
        try:
            re.compile(field.pattern)
        except re.error as error:
            raise unusable(path, f"fields.{field.name}", str(error)) from error


@functools.cache
def load_validity(root: Path = ROOT) -> tuple[ValidityRule, ...]:
    """Rules of validity (`validity.csv`); a rule names a known kind."""
    path = root / "validity.csv"
    rows = csv_rows(ValidityRule, path)
    known = {kind.id for kind in load_kinds(root)}
    for row in rows:
        if row.kind not in known:
            raise unusable(path, row.id, f"no such kind: {row.kind}")
        if row.rule == "TERM_FROM_ISSUE" and not row.term_months:
            raise unusable(path, row.id, "TERM_FROM_ISSUE needs term_months")
    refuse_overlaps(rows, ("kind",), path)
    return rows


def load_rulebook(
    root: Path | None = None,
    lists_dir: Path | None = None,
    as_of: date | None = None,
    own_thresholds: Path | None = None,
    engine: str | None = None,
) -> Rulebook:
    """The complete rulebook for understanding a paper.

    Args:
        root: folder of the rules.
        lists_dir: folder of imported lists (`SOHOA_HOME/lists`), or None.
        as_of: day on which a list must be in force; default today in Việt Nam.
        own_thresholds: thresholds that this home applied (`SOHOA_HOME/calibration.toml`), where it has any.
        engine: reads first, if not the profile's own; thresholds are those of its confidences.
    """
    book = _rulebook(root or ROOT, lists_dir, as_of or today())
    thresholds = load_own_thresholds(own_thresholds, root or ROOT, engine)
    return book if thresholds == book.thresholds else book.model_copy(update={"thresholds": thresholds})


@functools.lru_cache(maxsize=8)
def _rulebook(root: Path, lists_dir: Path | None, as_of: date) -> Rulebook:
    marks = read_toml(root / "marks.toml")
    groups = read_toml(root / "abbreviations.toml")
    agencies = load_agencies(root)
    types = {key: value for group in groups.values() for key, value in group.items() if value}
    parts = {part for group in groups.values() for key in group for part in key.split("-")}
    parts |= {
        agency.abbreviation for agency in agencies if agency.abbreviation and " " not in agency.abbreviation
    }
    parts |= {
        alias for agency in agencies for alias in agency.aliases if alias.isupper() and " " not in alias
    }
    chosen = lists.in_force(root / "lists", lists_dir, as_of)
    # model_construct: every part was checked when it was built, and validation would read the lazy lists.
    return Rulebook.model_construct(
        version=_digest(root, tuple(chosen.values())),
        kinds=load_kinds(root),
        validity=load_validity(root),
        thresholds=load_thresholds(root),
        units=load_units(root),
        agencies=agencies,
        result_types=LazyRows(functools.partial(lists.read_result_types, chosen["result-types"])),
        procedures=LazyRows(functools.partial(lists.read_procedures, chosen["procedures"])),
        abbreviations=types,
        notation_parts=frozenset(parts),
        agency_lines=toml_model(AgencyLines, root / "agency_lines.toml"),
        provinces=load_provinces(root),
        surnames=_surnames(root),
        common_surnames=frozenset(map(str, read_toml(root / "surnames.toml").get("common", ()))),
        secret_marks=load_marks(root).secret,
        separator_marks=tuple(str(mark) for mark in marks.get("separator", {}).get("marks", ())),
        home_province=str(marks.get("home", {}).get("province", "")),
    )


def _digest(root: Path, chosen: tuple[Path, ...]) -> str:
    """Short digest of every file that can affect how a paper is understood."""
    total = hashlib.sha256()
    files = {path for pattern in _UNDERSTANDING for path in root.glob(pattern)} - {
        root / name for name in _NOT_UNDERSTANDING
    }
    for path in (*sorted(files), *chosen):
        total.update(path.name.encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:16]
