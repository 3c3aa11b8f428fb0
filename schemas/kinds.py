"""Kinds of papers: how one is recognised, which fields and result codes it has, and whether it is counted.

One kind is one file of `configs/kinds/`. Models only; `configs.loader` reads and checks them, `extractors` applies them.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.documents import Level, Role

Mark = Literal["V", "V2", "M-hi", "M-lo", "?"]


class Row(BaseModel):
    """A frozen row; unknown columns are an error, so that a typo in a rule file is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldRule(Row):
    """How to find one field of a kind.

    Attributes:
        name: key in `Document.fields`.
        labels: printed labels (any spelling of tone placement, case folded when matched).
        type: how the text after the label is parsed.
        place: where to look: after the label on the line, on the line(s) below, a page region, or (with a pattern)
            anywhere on the paper.
        pattern: regular expression that the value must match; its first group, where it has one, is the value.
        stop: labels that end the value.
        required: mandatory metadata for this kind.
    """

    name: str
    labels: tuple[str, ...] = ()
    type: Literal[
        "text",
        "name",
        "organisation",
        "sex",
        "agency",
        "date",
        "date_words",
        "number",
        "person_id",
        "tax_id",
        "owner_id",
        "code",
        "money",
        "area",
    ] = "text"
    place: Literal["after", "below", "region", "anywhere"] = "after"
    pattern: str | None = None
    stop: tuple[str, ...] = ()
    lines: int = 1
    occurrence: int = 1
    required: bool = False


class CodeEvidence(Row):
    """Condition for one of a kind's several result codes: all phrases of `all_of` are present, none of `none_of`.

    Phrases are compared without accents; `where` is the head of the first page, or the whole paper.
    """

    code: str
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    where: Literal["head", "paper"] = "head"


class Kind(Row):
    """A kind of paper: how it is recognised, which fields it has, which result codes it may carry.

    Attributes:
        id: English identifier, e.g. `birth_certificate`.
        title: Vietnamese name as printed, e.g. "Giấy khai sinh".
        document_type: value of the `document_type` field.
        titles: titles as printed, in capitals.
        type_names: types in sentence case, for kinds whose titles name several; the one equal to the title is taken.
        anchors: phrases with weights, matched accent-folded and fuzzily; `must` marks the title anchors.
        result_codes: KQ codes it maps to: one, several (evidence or a person decides) or none ("chờ mã").
        evidence: for a kind of several codes, what on the paper decides between them.
        has_owner: whether the owner is mandatory metadata.
        owner_words: for `nd30` papers, whether an owner named in the body is looked for.
        stops: printed labels of the form that are no fields but end the value before them.
        issuing_levels: levels that may issue the kind, where the law knows few; decides only between units of one name.
        layout: `nd30` for papers laid out by NĐ 30/2020, `form` for printed forms.
        subjects: for a kind that bears another kind's title (`of_kind`), phrases of the subject under the title, one of
            which must stand there.
        of_kind: the kind whose title it bears; it shares that kind's document type.
        candidates_only: the result codes are candidates for a person; the machine never chooses one.
        covered_by_sector_db: name of the sector database that already holds this kind, or "".
        handed_over_on: day from which another authority issues and keeps the kind; such papers come by import only.
        handed_over_to: that authority, in Vietnamese.
        in_inventory: False for papers that are no results in force (certified copies); change it here to count them.
    """

    id: str
    title: str
    document_type: str
    titles: tuple[str, ...]
    type_names: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    layout: Literal["nd30", "form"] = "form"
    role: Role = Role.RESULT
    result_codes: tuple[str, ...] = ()
    result_names: dict[str, tuple[str, ...]] = {}
    evidence: tuple[CodeEvidence, ...] = ()
    has_owner: bool = True
    owner_words: bool = False
    stops: tuple[str, ...] = ()
    issuing_levels: tuple[Level, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    required: tuple[str, ...] = ("number", "issue_date", "agency")
    typical_pages: int = 1
    subjects: tuple[str, ...] = ()
    of_kind: str | None = None
    candidates_only: bool = False
    covered_by_sector_db: str = ""
    handed_over_on: date | None = None
    handed_over_to: str = ""
    in_inventory: bool = True
    source: str = ""
    mark: Mark = "?"

    @property
    def field_names(self) -> frozenset[str]:
        """Fields of its papers beside those that any paper may have; who is not the owner of two is the spouse."""
        own = {field.name for field in self.fields} | set(self.required)
        spouse = ("spouse_name", "spouse_id") if "wife_name" in own else ()
        return frozenset(own.union(spouse))

    @property
    def is_counted(self) -> bool:
        """True if papers of this kind belong to the inventory and to the quota of this province's offices."""
        return self.in_inventory and self.handed_over_on is None
