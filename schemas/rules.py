"""Rows of rules as frozen models, loaded by `configs/`.

Every dated row has `effective_from`/`effective_to` (inclusive, None = open) and a `source` (law or guess, with the
confidence mark of the domain dossier: V, V2, M-hi, M-lo). Nothing here decides anything; the rooms that use a row do.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField

from schemas.documents import Level
from schemas.findings import Severity
from schemas.kinds import Kind, Mark, Row


class DatedRow(Row):
    """A row in force between two dates, both inclusive."""

    effective_from: date | None = None
    effective_to: date | None = None
    source: str = ""
    mark: Mark = "?"

    def holds_on(self, day: date) -> bool:
        """True if the row is in force on a day."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day <= self.effective_to
        )


class Limits(Row):
    """Resource limits. Sizes in bytes unless named otherwise."""

    page_megapixels: int = 160
    page_seconds: float = 60.0
    listing_seconds: float = 120.0
    rendition_seconds_per_page: float = 10.0
    file_bytes: int = 2_000_000_000
    file_pages: int = 5_000
    worker_bytes: int = 1_500_000_000
    free_disk_bytes: int = 2_000_000_000
    worker_jobs: int = 200
    stop_after_files: int = 20
    stop_share: float = 0.5
    register_bytes: int = 20_000_000
    register_rows: int = 20_000
    upload_files: int = 5_000  # of one upload
    upload_bytes: int = 100_000_000_000  # of one upload
    uploads_open: int = 5  # of one person
    upload_days: float = 7.0  # after which one that nobody went on with is swept


class DiacriticsProfile(Row):
    """Settings for restoring diacritics from context; costs are natural logarithms of odds.

    Attributes:
        enabled: off, every word stays as the engine read it.
        sure: confidence from which a word is never touched.
        doubted: confidence up to which a change costs `least`; it grows to `most` at `sure`.
        least, most: what a change costs.
        usual: tolerated share of unseen word pairs; beyond it a page counts as unlike the training text.
        strange: extra cost of a change on a page entirely unlike the training text.
        one_sided: margin required on such a page for a change supported by only one neighbour.
        elsewhere: share of words from outside the model; `stranger` is added on a page unlike the training text.
        name_leads: words before names: ranks of units, forms of address.
        offices: first words of offices and laws, which are no names.
        everyday: common words that state papers seldom use; changed only if both neighbours support it.
        spelt: weight of the engine's own log odds between two spellings, where it tells letters apart.
        spelt_sure: probability of a word's least sure letter from which such a word is never touched.
        surnames: family names; none in `reading.toml`, `surnames.toml` gives them.
    """

    enabled: bool = True
    sure: float = 0.968
    doubted: float = 0.6
    least: float = 2.0
    most: float = 6.0
    usual: float = 0.2
    strange: float = 6.0
    one_sided: float = 3.0
    elsewhere: float = 0.02
    stranger: float = 0.5
    spelt: float = 0.6
    spelt_sure: float = 0.995
    name_leads: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    surnames: tuple[str, ...] = ()
    everyday: tuple[str, ...] = ()


class MarkRules(Row):
    """Marks of secrecy and how their stamps look (`marks.toml`); part of the reading digest.

    Attributes:
        secret: the closed list.
        harmless: other stamps of the same shape.
        sizes: width and height of the forms, millimetres.
        released: a named person has released this paper: a mark is a finding, not a reason to refuse.
        slack: share by which a frame may differ from a form and still be taken for one.
        frame: least and most width, least and most height of a frame that is looked into, millimetres.
        tilt: degrees.
        drawn: share of a frame's sides that must bear ink.
        unframed_above: share of the page's height within which red words without a frame are read.
    """

    secret: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    sizes: tuple[tuple[float, float], ...] = ()
    released: bool = False
    slack: float = 0.2
    frame: tuple[float, float, float, float] = (12.0, 60.0, 5.0, 18.0)
    tilt: float = 12.0
    drawn: float = 0.6
    unframed_above: float = 0.55


class ReadingProfile(Row):
    """The reading profile; part of the reading digest.

    `engine`: a name in `engines.ocr.ENGINES`. `second`: the engine that reads stamps, tells which way is up, and reads
    the pages on which the first is lost. `x_height`: pixels the engine reads best.
    `variables`: Tesseract's own, name and value.
    """

    engine: str = "tesserocr"
    second: str = "tesserocr"
    languages: str = "vie"
    page_segmentation: int = 3
    variables: tuple[tuple[str, str], ...] = ()
    x_height: int = 15
    min_scale: float = 0.4
    max_scale: float = 2.0
    render_dpi: int = 300
    blank_ink: float = 0.0008
    drop_colour: bool = True
    even_background: bool = True
    level: bool = True
    turn: bool = True
    diacritics: DiacriticsProfile = DiacriticsProfile()
    marks: MarkRules = MarkRules()


class RenditionProfile(Row):
    """Settings for writing PDF/A files; part of the rendition digest."""

    flavour: Literal["2b", "2u"] = "2b"
    render_dpi: int = 300
    producer: str = "Sohoa"


class ImageRule(DatedRow):
    """One image-quality rule: property of `ImageMeasures`, operation, value, severity, finding."""

    rule: str
    property: str
    operation: Literal["<", "<=", ">", ">=", "=="]
    value: float
    severity: Severity


class Thresholds(Row):
    """Confidence needed for a value to be accepted without a person; 0–1.

    `written` is that of figures a pen wrote, each place for itself, by the reader made for them; `written_twice` where the
    page's engine read the same.
    """

    kind: float = 0.6
    field: float = 0.6
    number: float = 0.6
    issue_date: float = 0.6
    agency: float = 0.5
    owner: float = 0.6
    written: float = 0.95
    written_twice: float = 0.8


NewestOf = Literal["owner_id", "number"]


class ValidityRule(DatedRow):
    """Decides whether a paper of a kind is in force (DOMAIN.md §3.4).

    `newest_of`: of the papers that agree in this field only the newest is in force: the owner where one holds one
    paper of the kind, the number where a re-issue keeps it; None if no field tells which paper replaces which
    (an owner may hold many land certificates).
    """

    id: str
    kind: str
    rule: Literal[
        "PERMANENT",
        "UNTIL_REVOKED",
        "UNTIL_SUPERSEDED",
        "PRINTED_EXPIRY",
        "TERM_FROM_ISSUE",
        "EVENT_LIMITED",
        "UNKNOWN",
    ]
    term_months: int | None = None
    newest_of: NewestOf | None = None
    note: str = ""


class Target(DatedRow):
    """A target, keyed by level, unit, sector, result type, day and source; `share` is a fraction of 1.

    `due` is the day by which it is asked for; None: the last day of the year `period`. `decided`: a fact that was handed
    in, which stands before the plan's own row of that day.
    """

    level: Level
    unit: str | None = None
    sector: str | None = None
    result_type: str | None = None
    period: int
    share: float = ModelField(ge=0, le=1)
    reading: str = "A"
    due: date | None = None
    decided: bool = False

    @property
    def day(self) -> date:
        """The day by which the share is asked for."""
        return self.due or date(self.period, 12, 31)


class Unit(DatedRow):
    """An administrative unit as it was between two dates. A bare `code` is ambiguous without a date."""

    code: str
    level: Level
    name: str
    parent: str | None = None
    agency_code: str | None = None


class Agency(DatedRow):
    """An agency line as printed, and the unit and level it answers to. `aliases` are printed abbreviations."""

    name: str
    abbreviation: str | None = None
    level: Level | None = None
    unit: str | None = None
    code: str | None = None
    aliases: tuple[str, ...] = ()


class Merger(DatedRow):
    """Merger of an old unit into a new one; `part` says if all of it or only a part was merged."""

    new_code: str
    new_name: str
    old_code: str
    old_name: str
    part: Literal["full", "partial"]


class CutOff(DatedRow):
    """Last day of issue of the stock that the yearly targets are about; what was issued later is flow."""

    day: date


class Reading(DatedRow):
    """A reading of "+20 % a year"; `base_year`: the inventory that stays the denominator for good, if it does."""

    id: str
    base_year: int | None = None


class FigureRules(Row):
    """What figures follow besides targets (`figures.toml`)."""

    cut_off: tuple[CutOff, ...]
    reading: tuple[Reading, ...]

    def cut_off_on(self, day: date) -> date | None:
        """The cut-off by the rule in force on a day; before any rule, that of the first."""
        held = [row for row in self.cut_off if row.holds_on(day)] or list(self.cut_off[:1])
        return held[-1].day if held else None


class CodeForm(DatedRow):
    """Form of the code of a digitised result; `provisional`: not yet confirmed by the law's own text."""

    text: str
    provisional: bool


class CodeForms(Row):
    """Forms of codes by the day of issue (`codes.toml`)."""

    form: tuple[CodeForm, ...]

    def on(self, day: date) -> CodeForm:
        """The form in force on a day; before the first, that one."""
        held = [row for row in self.form if row.holds_on(day)]
        return (held or list(self.form[:1]))[-1]


class AgencyLines(Row):
    """Word lists for agency lines of a header: first words of names, stamps to ignore, ranks of units, short forms."""

    heads: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    signer_titles: tuple[str, ...] = ()
    ranks: dict[str, Literal["tinh", "huyen", "xa", ""]] = ModelField(default_factory=dict)
    short: dict[str, str] = ModelField(default_factory=dict)


class ResultType(Row):
    """A row of the national list of result types; `procedures` are those that end in it."""

    code: str
    name: str
    procedures: tuple[str, ...] = ()


class Procedure(Row):
    """A row of the national list of procedures."""

    code: str
    name: str
    field: str = ""
    levels: str = ""
    decision: str = ""
    applicants: str = ""


class KeyingRow(DatedRow):
    """A share of the values keyed from a day on that another person keys too, without seeing the first answer.

    Attributes:
        effective_from: first day on which the first answer may be drawn; every row has one.
        field: part of a code.
        values: `written`: numbers in a pen's hand, however answered; `typed`: what a person typed against the reading.
        share: 0-1.
        seed: decides, with paper and field, what is drawn; whoever asks again gets the same answer.
        by: who keys it.
        decision: the document behind the row.
    """

    effective_from: date
    field: Literal["number", "owner_id"]
    values: Literal["written", "typed"]
    share: float = ModelField(ge=0, le=1)
    seed: str = ModelField(min_length=8, max_length=64)
    by: Literal["other_operator"] = "other_operator"
    decision: str = ""


class Rulebook(BaseModel):
    """The complete rulebook for understanding a paper, loaded once."""

    model_config = ConfigDict(frozen=True)

    version: str
    kinds: tuple[Kind, ...]
    validity: tuple[ValidityRule, ...]
    thresholds: Thresholds
    units: tuple[Unit, ...]
    agencies: tuple[Agency, ...]
    result_types: dict[str, ResultType]
    procedures: dict[str, Procedure]
    abbreviations: dict[str, str] = {}
    notation_parts: frozenset[str] = frozenset()
    agency_lines: AgencyLines = AgencyLines()
    provinces: tuple[Unit, ...] = ()
    surnames: frozenset[str] = frozenset()
    common_surnames: frozenset[str] = frozenset()
    secret_marks: tuple[str, ...] = ()
    confirm_typed: Literal["twice", "other_operator", "off"] = "twice"
    second_keying: tuple[KeyingRow, ...] = ()
    separator_marks: tuple[str, ...] = ()
    home_province: str = ""

    def kind(self, kind_id: str | None) -> Kind | None:
        """The kind with this id, or None."""
        return next((kind for kind in self.kinds if kind.id == kind_id), None)
