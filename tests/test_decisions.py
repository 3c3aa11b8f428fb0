"""What a person decided: kept in order, written with the version it makes, laid over whatever a machine reads later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.loader import load_rulebook
from extractors import decided as persons
from extractors.units import Placed
from schemas.documents import Choice, Document, Field, Validity, ValidityState
from schemas.errors import CatalogueError
from schemas.events import Event, EventType
from schemas.findings import finding
from schemas.reading import Box
from schemas.review import Action, Decision, in_force, picture
from storage.catalogue import decisions, documents
from storage.catalogue.database import Database
from tests.papers import OWNER, new_catalogue, open_batch, paper, sha_of, store, version_of

BATCH = "lô 1"


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Database]:
    database = new_catalogue(tmp_path)
    open_batch(database, BATCH, "a.pdf")
    yield database
    database.close()


def told(kind: EventType, subject: str, outcome: str) -> Event:
    at = "2026-11-24T08:00:00+07:00"
    return Event(
        id=documents.new_event_id(),
        type=kind,
        at=at,
        subject=subject,
        batch=BATCH,
        agent="chị Lan",
        tool="test",
        outcome=outcome,
    )


def decide(
    database: Database, document: Document, version: int, *said: Decision
) -> list[documents.Committed]:
    each = decisions.Decided(
        BATCH,
        version_of(document, version=version),
        tuple((one, told(EventType.DECISION, document.id, "decided")) for one in said),
    )

    def code_event(batch: str, document_id: str, code: str) -> Event:
        return told(EventType.CODE_ISSUED, document_id, code)

    return decisions.commit(database, "run", "chị Lan", [each], code_event)


def test_a_decision_is_kept_with_the_version_and_the_code_that_it_makes(catalogue: Database) -> None:
    unread = paper("a", number=None, route=documents.Route.REVIEW)
    store(catalogue, version_of(unread))
    said = Decision(target="number", value="123/2021", operator="chị Lan", at="2026-11-24T08:00:00+07:00")
    (done,) = decide(catalogue, paper("a"), 2, said)
    assert done.new_code and done.code == f"{OWNER}.KQ.G15.000031.123/2021.01"
    assert decisions.of_original(catalogue, sha_of("a")) == {unread.id: {"number": said}}
    kinds = [event.type for event in documents.events_of(catalogue, [unread.id])]
    assert kinds.count(EventType.DECISION) == kinds.count(EventType.CODE_ISSUED) == 1


def test_decisions_upon_a_version_that_is_no_longer_the_newest_change_nothing(catalogue: Database) -> None:
    document = paper("a", number=None, route=documents.Route.REVIEW)
    store(catalogue, version_of(document))
    said = Decision(target="number", value="123/2021")
    with pytest.raises(CatalogueError) as caught:
        decide(catalogue, paper("a"), 3, said)
    assert caught.value.remedy == "version_taken"
    assert decisions.of_original(catalogue, document.sha256) == {}
    assert [row.version for row in documents.of_batch(catalogue, BATCH)] == [1]
    assert documents.events_of(catalogue, [document.id]) == []


def test_the_later_of_two_decisions_stands_and_the_earlier_stays_on_record(catalogue: Database) -> None:
    document = paper("a", number=None, route=documents.Route.REVIEW)
    store(catalogue, version_of(document))
    first, second = (Decision(target="signer", value=name) for name in ("Lê A", "Lê B"))
    decide(catalogue, document, 2, first)
    decide(catalogue, document, 3, second)
    assert decisions.of_documents(catalogue, [document.id]) == {document.id: [first, second]}
    assert decisions.of_original(catalogue, document.sha256)[document.id]["signer"] == second


def test_a_value_a_person_gave_keeps_what_was_read_beside_it() -> None:
    read = Field(value=None, raw="l2/UBND", confidence=0.2, page=1, box=Box(1, 2, 3, 4))
    fields = persons.fields_with({"number": read}, in_force([Decision(target="number", value="12/QĐ-UBND")]))
    number = fields["number"]
    assert (number.value, number.source, number.confidence) == ("12/QĐ-UBND", "operator", 1.0)
    assert (number.raw, number.page, number.box) == (read.raw, 1, read.box)
    assert fields["notation"].value == "QĐ-UBND"


def test_what_a_person_says_is_not_on_the_paper_is_absent() -> None:
    fields = {"owner_id": Field(value=None, raw="0561")}
    said = in_force([Decision(target="owner_id", action=Action.ABSENT)])
    assert persons.fields_with(fields, said) == {}


def test_a_person_answers_what_was_asked_about_value_and_picture_and_nothing_else() -> None:
    said = in_force(
        [
            Decision(target="owner_id", value="056190001234"),
            Decision(target=picture("image_blurred", 2), action=Action.ACCEPT),
        ]
    )
    open_still = [
        finding("field_malformed", field="spouse_id"),
        finding("field_conflict", field="expiry_date", other="owner_id"),
        finding("image_blurred", page=1),
    ]
    answered = [finding("field_malformed", field="owner_id"), finding("image_blurred", page=2)]
    assert persons.still_open([*open_still, *answered], said) == open_still


def test_result_code_unit_and_validity_may_be_decided() -> None:
    rules = load_rulebook()
    said = in_force(
        [
            Decision(target="result_type", value="KQ.G15.000034"),
            Decision(target="unit", value="Xã Diên An"),
            Decision(target="validity", value="expired"),
        ]
    )
    several = Choice(value=None, candidates=("KQ.G15.000034", "KQ.G15.000037"))
    codes, left = persons.result_type_of(several, [finding("result_code_ambiguous", kind="x")], said)
    assert codes is not None and codes.value == "KQ.G15.000034" and left == []
    fields = {"issue_date": Field(value="2021-05-04")}
    placed = persons.place_of(Placed(None, None, None), fields, said, None, rules)
    assert placed == Placed("xa", "Xã Diên An", "operator")
    assert persons.validity_of(Validity(), said).state is ValidityState.EXPIRED
