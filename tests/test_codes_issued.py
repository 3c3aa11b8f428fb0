"""Codes are for ever: issued once a paper, idempotent, never re-used, never changed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from schemas.batches import FileStatus
from schemas.digests import Digests
from schemas.documents import Document, Route, Verdict
from schemas.errors import CatalogueError, CodeError
from schemas.events import EventType
from schemas.review import OTHER, SAME_AS
from storage.catalogue import batches, codes, documents, originals
from storage.catalogue import schema as t
from storage.catalogue.codes import CodeParts, parts_of
from storage.catalogue.database import Database
from tests.papers import (
    KQ,
    OWNER,
    code_event,
    done_file,
    new_catalogue,
    open_batch,
    paper,
    sha_of,
    store,
    version_of,
)

ROOT = Path(__file__).parents[1]
_examples = itertools.count(1)
OTHER_RULES = Digests(reading="r" * 16, understanding="v" * 16, rendition="p" * 16)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Database]:
    database = new_catalogue(tmp_path)
    yield database
    database.close()


def all_codes(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(t.code.c.printed).order_by(t.code.c.id)).scalars())


def rules(document: Document) -> list[str]:
    return [each.rule for each in document.findings]


def test_an_accepted_paper_gets_a_code_of_its_parts_and_an_event(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan"))
    assert done.code == f"{OWNER}.{KQ}.123/2021.01"
    assert done.new_code
    (event,) = documents.events_of(catalogue, [done.document.id])
    assert (event.type, event.detail["code"]) == (EventType.CODE_ISSUED, done.code)


def test_a_paper_without_an_owner_has_an_empty_first_part_and_keeps_the_dot(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan", has_owner=False))
    assert done.code == f".{KQ}.123/2021.01"


def test_a_paper_of_a_kind_without_a_code_is_accepted_without_one(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan", result_type=None))
    assert (done.code, done.document.route) == (None, Route.ACCEPTED)


@pytest.mark.parametrize("route", [Route.REVIEW, Route.RESCAN, Route.PARTIAL])
def test_only_an_accepted_paper_gets_a_code(catalogue: Database, route: Route) -> None:
    (done,) = store(catalogue, paper("scan", route=route))
    assert (done.code, done.document.route) == (None, route)


def test_an_owner_there_but_unread_bars_the_code_even_if_the_caller_asks_for_one(catalogue: Database) -> None:
    unread = paper("scan", owner=None)
    assert parts_of(unread) is None
    asked = version_of(unread)._replace(parts=CodeParts("", KQ, "123/2021", "", ""))
    (done,) = store(catalogue, asked)
    assert (done.code, done.document.route, rules(done.document)) == (None, Route.REVIEW, ["field_unread"])


def test_an_invalid_or_missing_rendition_bars_the_code(catalogue: Database) -> None:
    (invalid,) = store(catalogue, version_of(paper("one"), verdict=Verdict.INVALID), file="a.pdf")
    (missing,) = store(catalogue, version_of(paper("two"))._replace(pdfa_key=None), file="b.pdf")
    assert (invalid.code, invalid.document.route, rules(invalid.document)) == (
        None,
        Route.REVIEW,
        ["pdfa_invalid"],
    )
    assert (missing.code, missing.document.route, rules(missing.document)) == (
        None,
        Route.REVIEW,
        ["pdfa_failed"],
    )


def test_what_was_decided_at_the_gate_is_told_by_an_event(catalogue: Database) -> None:
    (done,) = store(catalogue, version_of(paper("scan"), verdict=Verdict.INVALID))
    (event,) = documents.events_of(catalogue, [done.document.id])
    assert (event.type, event.outcome, event.detail["version"]) == (EventType.VALIDATION, "review", 1)
    (told,) = json.loads(str(event.detail["findings"]))
    assert told["rule"] == "pdfa_invalid"


def test_the_same_document_in_a_new_version_keeps_its_code(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"))
    (second,) = store(catalogue, version_of(paper("scan"), version=2, digests=OTHER_RULES))
    assert (second.code, second.new_code) == (first.code, False)
    assert all_codes(catalogue) == [first.code]


def test_a_code_part_that_reads_differently_leaves_the_code_and_asks_a_person(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"))
    (second,) = store(catalogue, version_of(paper("scan", number="128/2021"), version=2, digests=OTHER_RULES))
    assert second.code == first.code
    assert second.document.route is Route.REVIEW
    (note,) = second.document.findings
    assert (note.rule, note.params) == (
        "code_part_differs",
        {"part": "number", "old": "123/2021", "new": "128/2021"},
    )


def test_a_code_part_no_longer_read_differs_too(catalogue: Database) -> None:
    store(catalogue, paper("scan"))
    poorer = paper("scan", number=None, route=Route.REVIEW)
    (second,) = store(catalogue, version_of(poorer, version=2, digests=OTHER_RULES))
    assert [each.params["new"] for each in second.document.findings] == ["-"]


def test_a_poorer_version_that_reads_the_same_parts_has_no_difference(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"))
    poorer = paper("scan", route=Route.PARTIAL)
    (second,) = store(catalogue, version_of(poorer, version=2, digests=OTHER_RULES))
    assert (second.code, second.document.route, rules(second.document)) == (first.code, Route.PARTIAL, [])


def test_equal_identity_is_the_same_paper_and_is_linked(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"), file="a.pdf")
    (again,) = store(catalogue, paper("rescan"), file="b.pdf")
    assert (again.code, again.linked_to, rules(again.document)) == (
        None,
        first.document.id,
        ["identity_duplicate"],
    )
    assert all_codes(catalogue) == [first.code]
    (event,) = documents.events_of(catalogue, [again.document.id])
    assert (event.type, event.detail["to"], event.detail["version"]) == (
        EventType.LINKED,
        first.document.id,
        1,
    )


def test_a_unit_spelt_with_the_tone_elsewhere_is_the_same_unit(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan", unit="Xã Hòa Trí"), file="a.pdf")
    (again,) = store(catalogue, paper("rescan", unit="xã Hoà Trí"), file="b.pdf")
    assert again.linked_to == first.document.id


def test_a_linked_paper_stays_linked_through_a_poorer_version(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"), file="a.pdf")
    store(catalogue, paper("rescan"), file="b.pdf")
    poorer = version_of(paper("rescan", route=Route.REVIEW), version=2, digests=OTHER_RULES)
    (again,) = store(catalogue, poorer, file="b.pdf")
    assert again.linked_to == first.document.id


def say(catalogue: Database, document_id: str, value: str) -> None:
    """A person's word on a possible duplicate, as review keeps it."""
    with catalogue.write() as connection:
        made = {
            "action": "set",
            "operator": "minh",
            "at": "2026-01-01T00:00:00+07:00",
            "note": "",
            "event": "e",
        }
        connection.execute(
            insert(t.decision).values(document_id=document_id, target=SAME_AS, value=value, **made)
        )


def test_the_same_number_of_another_day_or_unit_waits_for_a_person_who_says_same_or_other(
    catalogue: Database,
) -> None:
    (first,) = store(catalogue, paper("one"), file="a.pdf")
    for name, changes in (("two", {"issue_date": "2021-05-05"}), ("three", {"unit": "Xã Diên Phú"})):
        (asked,) = store(catalogue, paper(name, **changes), file=f"{name}.pdf")
        assert (asked.code, asked.linked_to, asked.document.route) == (None, None, Route.REVIEW)
        (note,) = asked.document.findings
        told = {"code": first.code, "document": first.document.id}
        assert (note.rule, note.params) == ("possible_duplicate", told)
        say(catalogue, asked.document.id, OTHER if name == "two" else first.document.id)
        again = version_of(paper(name, **changes), version=2, digests=OTHER_RULES)
        (settled,) = store(catalogue, again, file=f"{name}.pdf")
        if name == "two":
            assert settled.code is not None and settled.code.endswith(".02")
        else:
            assert (settled.code, settled.linked_to) == (None, first.document.id)
    assert len(all_codes(catalogue)) == 2


@pytest.mark.parametrize(
    ("held", "spelt"),
    [
        ("12/QĐ-UBND", "12/QD-UBND"),
        ("12/QĐ-UBND", "12/qđ-ubnd"),
        ("12/QĐ-UBND", "012/QĐ-UBND"),
        ("12/QĐ-UBND", "12/QĐ\u2013UBND"),
        ("123/2021", "0123/2021"),
    ],
)
def test_a_number_spelt_otherwise_is_a_possible_duplicate_and_another_number_is_not(
    catalogue: Database, held: str, spelt: str
) -> None:
    store(catalogue, paper("one", number=held), file="a.pdf")
    (asked,) = store(catalogue, paper("two", number=spelt), file="b.pdf")
    assert rules(asked.document) == ["possible_duplicate"]
    (other,) = store(catalogue, paper("three", number="120/2021"), file="c.pdf")
    assert other.code is not None


def test_papers_without_an_owner_are_alike_only_within_a_unit(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("one", has_owner=False), file="a.pdf")
    (far,) = store(catalogue, paper("two", has_owner=False, unit="Xã Diên Phú"), file="b.pdf")
    (near,) = store(catalogue, paper("three", has_owner=False, issue_date="2021-05-05"), file="c.pdf")
    assert first.code is not None and far.code is not None and far.code.endswith(".02")
    assert rules(near.document) == ["possible_duplicate"]


def test_what_becomes_clearer_about_a_coded_paper_lets_its_twin_be_linked(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan", unit=None), file="a.pdf")
    store(catalogue, version_of(paper("scan"), version=2, digests=OTHER_RULES), file="a.pdf")
    (twin,) = store(catalogue, paper("rescan"), file="b.pdf")
    assert twin.linked_to == first.document.id


def test_two_codes_for_what_turns_out_to_be_one_paper_are_for_a_person_to_settle(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("one", has_owner=False), file="a.pdf")
    (second,) = store(catalogue, paper("two", has_owner=False, unit=None), file="b.pdf")
    (later,) = store(
        catalogue, version_of(paper("two", has_owner=False), version=2, digests=OTHER_RULES), file="b.pdf"
    )
    assert (later.code, later.document.route) == (second.code, Route.REVIEW)
    assert rules(later.document) == ["identity_duplicate"]
    assert all_codes(catalogue) == [first.code, second.code]


def test_beyond_ninety_nine_there_is_a_finding_and_no_code(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "a.pdf")
    originals.receive(catalogue, sha_of("many"), 1, "pdf")
    many = [
        version_of(paper("many", pages=(page,), has_owner=False, unit=f"Xã {page}")) for page in range(1, 101)
    ]
    done = documents.commit(
        catalogue, "lô 1", "r", "lan", many, done_file("a.pdf", sha_of("many"), pages=100), code_event
    )
    assert done[98].code is not None and done[98].code.endswith(".99")
    assert (done[99].code, done[99].document.route) == (None, Route.REVIEW)
    assert rules(done[99].document) == ["running_number_exhausted"]


def test_a_part_that_makes_no_valid_code_is_a_finding(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan", owner="B1234567"))
    assert (done.code, done.document.route, rules(done.document)) == (None, Route.REVIEW, ["field_malformed"])


def test_a_voided_code_keeps_its_number_and_is_not_given_back_by_a_machine(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"), file="a.pdf")
    assert first.code is not None
    documents.void_code(catalogue, first.code, reason="đọc sai số", operator="minh")
    (again,) = store(catalogue, version_of(paper("scan"), version=2, digests=OTHER_RULES), file="a.pdf")
    assert (again.code, again.document.route, rules(again.document)) == (None, Route.REVIEW, ["code_voided"])
    (other,) = store(catalogue, paper("other", issue_date="2020-01-01"), file="b.pdf")
    assert other.code is not None and other.code.endswith(".02")


def test_a_voided_code_is_linked_to_its_successor_once_the_paper_reads_rightly(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"))
    assert first.code is not None
    documents.void_code(catalogue, first.code, reason="đọc sai số", operator="minh")
    (right,) = store(catalogue, version_of(paper("scan", number="128/2021"), version=2, digests=OTHER_RULES))
    assert right.code is not None and right.code.endswith("128/2021.01")
    old, new = documents.codes_of(catalogue, first.document.id)
    assert (old.state, old.void_reason, old.voided_by, old.successor) == (
        "void",
        "đọc sai số",
        "minh",
        right.code,
    )
    assert new.state == "issued"
    assert [row.document.id for row in documents.find(catalogue, first.code)] == [first.document.id]


def test_voiding_wants_a_reason_a_code_in_force_and_a_real_successor(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"))
    assert first.code is not None
    for printed, reason, successor in (
        (first.code, "  ", None),
        ("no such code", "why", None),
        (first.code, "why", "no such code"),
        (first.code, "why", first.code),
    ):
        with pytest.raises(CodeError):
            documents.void_code(catalogue, printed, reason=reason, operator="minh", successor=successor)
    documents.void_code(catalogue, first.code, reason="why", operator="minh")
    with pytest.raises(CodeError):
        documents.void_code(catalogue, first.code, reason="why", operator="minh")


def test_voiding_is_told_by_an_event(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"))
    assert first.code is not None
    documents.void_code(catalogue, first.code, reason="why", operator="minh")
    last = documents.events_of(catalogue, [first.document.id])[-1]
    assert (last.type, last.agent, last.batch) == (EventType.CODE_VOIDED, "minh", "lô 1")


def test_the_quota_sees_codes_links_and_voided_codes(catalogue: Database) -> None:
    (coded,) = store(catalogue, paper("one"), file="a.pdf")
    (linked,) = store(catalogue, paper("two"), file="b.pdf")
    (voided,) = store(catalogue, paper("three", number="5/2020"), file="c.pdf")
    assert voided.code is not None
    documents.void_code(catalogue, voided.code, reason="why", operator="minh")
    rows = {row.document_id: row for row in documents.papers(catalogue)}
    assert rows[coded.document.id].code == coded.code
    assert rows[coded.document.id].digitised_on is not None
    assert rows[linked.document.id].linked_to == coded.document.id
    assert rows[voided.document.id].code_voided and rows[voided.document.id].code == voided.code
    assert rows[coded.document.id].owner == OWNER
    assert str(rows[coded.document.id].issue_date) == "2021-05-04"


def test_a_day_begins_at_midnight_in_vietnam(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan"))
    with catalogue.write() as connection:
        connection.execute(t.code.update().values(issued_at="2026-12-31T17:30:00.000+00:00"))
    (row,) = documents.papers(catalogue)
    assert str(row.digitised_on) == "2027-01-01"
    assert done.new_code


def test_a_file_is_finished_in_the_same_transaction_as_its_documents(catalogue: Database) -> None:
    open_batch(catalogue, "lô 1", "a.pdf")
    originals.receive(catalogue, sha_of("scan"), 1, "pdf")

    def explode(subject: str, code: str) -> object:
        raise RuntimeError(f"killed after {code} was chosen for {subject}")

    with pytest.raises(RuntimeError):
        documents.commit(
            catalogue,
            "lô 1",
            "r",
            "lan",
            [version_of(paper("scan"))],
            done_file("a.pdf", sha_of("scan")),
            explode,  # type: ignore[arg-type]
        )
    assert all_codes(catalogue) == []
    assert batches.files(catalogue, "lô 1")["a.pdf"].status is FileStatus.NOT_STARTED
    assert documents.of_batch(catalogue, "lô 1") == []


def test_the_same_bytes_stored_meanwhile_by_another_batch_are_linked(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"), batch="lô 1", file="a.pdf")
    (late,) = store(catalogue, paper("scan"), batch="lô 2", file="b.pdf")
    assert (late.code, late.new, late.new_code) == (first.code, False, False)
    row = batches.files(catalogue, "lô 2")["b.pdf"]
    assert (row.duplicate_of, [each.rule for each in row.findings]) == ("lô 1/a.pdf", ["duplicate_file"])
    assert documents.of_batch(catalogue, "lô 2") == []
    assert documents.versions_of(catalogue, first.document.id)[-1][0] == 1


def test_a_later_version_made_from_a_duplicate_leaves_the_paper_where_it_came_in(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"), batch="lô 1", file="a.pdf")
    later = version_of(paper("scan"), version=2, digests=OTHER_RULES)
    (second,) = store(catalogue, later, batch="lô 2", file="b.pdf")
    assert (second.code, second.new) == (first.code, True)
    assert batches.files(catalogue, "lô 2")["b.pdf"].duplicate_of == "lô 1/a.pdf"
    (row,) = documents.of_batch(catalogue, "lô 1")
    assert (row.version, row.file) == (2, "a.pdf")


def test_the_same_commit_again_changes_nothing(catalogue: Database) -> None:
    (first,) = store(catalogue, paper("scan"))
    (again,) = store(catalogue, paper("scan"))
    assert (again.document, again.code, again.new_code) == (first.document, first.code, False)
    assert batches.files(catalogue, "lô 1")["a.pdf"].duplicate_of is None


def test_a_version_made_meanwhile_with_other_rules_is_not_overwritten(catalogue: Database) -> None:
    store(catalogue, paper("scan"))
    with pytest.raises(CatalogueError) as caught:
        store(catalogue, version_of(paper("scan"), digests=OTHER_RULES))
    assert caught.value.remedy == "version_taken"


def test_the_database_itself_refuses_a_second_code(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("scan"))
    with catalogue.read() as connection:
        row = dict(connection.execute(select(t.code)).mappings().one())
    row.update(id=None, running=2, printed="x", identity="another")
    with pytest.raises(CatalogueError), catalogue.write() as connection:
        connection.execute(t.code.insert().values(**row))
    assert all_codes(catalogue) == [done.code]


# -- races and kills

RACER = """
import sys
from storage.catalogue.database import Database
from tests.papers import paper, store
database = Database(sys.argv[1])
sys.stdin.readline()
for i in range(8):
    day = f"2021-{int(sys.argv[2]) + 1:02d}-{i + 1:02d}"
    one = paper(f"{sys.argv[2]}-{i}", has_owner=False, unit=f"Xã {day}")
    store(database, one, batch=f"lô {sys.argv[2]}", file=f"{i}.pdf")
"""


def test_processes_that_race_for_one_prefix_share_its_numbers_without_gap_or_repeat(
    catalogue: Database,
) -> None:
    url = str(catalogue.engine.url)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, url, str(i)], cwd=ROOT, stdin=subprocess.PIPE, text=True
        )
        for i in range(3)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate(timeout=60)
        assert racer.returncode == 0
    assert sorted(code[-2:] for code in all_codes(catalogue)) == [f"{n:02d}" for n in range(1, 25)]


def test_threads_that_race_for_one_paper_leave_one_code(catalogue: Database) -> None:
    def work(number: int) -> None:
        store(catalogue, paper(f"scan {number}"), batch=f"lô {number}", file="a.pdf")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(all_codes(catalogue)) == 1
    linked = [row for row in documents.papers(catalogue) if row.linked_to]
    assert len(linked) == 5


VICTIM = """
import os, signal, sys, time
from storage.catalogue import codes, documents
from storage.catalogue.database import Database
from tests.papers import paper, store
database = Database(sys.argv[1])
step = sys.argv[2]
def die(*_args, **_kw):
    print("dying", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
if step == "before":
    documents.commit = die
elif step == "after code":
    documents._version_values = die
elif step == "before commit":
    documents.finish_file = die
store(database, paper("scan"))
die()
"""


@pytest.mark.parametrize("step", ["before", "after code", "before commit", "after commit"])
def test_a_kill_between_any_two_steps_leaves_one_code_after_the_next_run(
    catalogue: Database, step: str
) -> None:
    url = str(catalogue.engine.url)
    victim = subprocess.run(
        [sys.executable, "-c", VICTIM, url, step], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (victim.returncode, victim.stdout) == (-signal.SIGKILL, "dying\n"), victim.stderr
    assert len(all_codes(catalogue)) == (1 if step == "after commit" else 0)
    (done,) = store(catalogue, paper("scan"))
    assert all_codes(catalogue) == [done.code]
    assert batches.files(catalogue, "lô 1")["a.pdf"].status is FileStatus.READ


def test_kills_at_any_moment_leave_every_paper_with_at_most_one_code(catalogue: Database) -> None:
    url = str(catalogue.engine.url)
    for pause in (0.0, 0.01, 0.03):
        victim = subprocess.Popen(
            [sys.executable, "-c", RACER, url, "0"], cwd=ROOT, stdin=subprocess.PIPE, text=True, bufsize=1
        )
        assert victim.stdin is not None
        victim.stdin.write("go\n")
        while not all_codes(catalogue) and victim.poll() is None:
            time.sleep(0.005)
        time.sleep(pause)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        victim.stdin.close()
    subprocess.run([sys.executable, "-c", RACER, url, "0"], cwd=ROOT, input="go\n", text=True, check=True)
    assert sorted(code[-2:] for code in all_codes(catalogue)) == [f"{n:02d}" for n in range(1, 9)]


# -- properties

PARTS = st.builds(
    CodeParts,
    owner=st.sampled_from(["", OWNER]),
    result_type=st.just(KQ),
    number=st.sampled_from(["1/2020", "2.3/QĐ-UBND"]),
    unit=st.sampled_from(["", "Xã Diên An"]),
    issue_date=st.sampled_from(["2020-01-01", "2020-01-02"]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("issue"), st.integers(0, 5), PARTS),
        st.tuples(st.just("void"), st.integers(0, 5), PARTS),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_issued_and_voided_no_number_is_used_twice_and_none_is_skipped(
    catalogue: Database, steps: list[tuple[str, int, CodeParts]]
) -> None:
    # One catalogue serves all examples, each with papers and a result type of its own.
    example = next(_examples)
    papers = [paper(f"scan {example} {n}", route=Route.REVIEW) for n in range(6)]
    for number, each in enumerate(papers):
        store(catalogue, each, file=f"{example} {number}.pdf")
    printed_before: set[str] = set()
    for action, which, parts in steps:
        parts = parts._replace(result_type=f"KQ.G15.{example:06d}")
        subject = papers[which].id
        with catalogue.write() as connection:
            held = codes.code_of(connection, subject)
            if action == "void":
                if held:
                    codes.void(connection, held, reason="thử", successor=None)
                continue
            outcome = codes.issue(connection, subject, parts, batch="lô 1", operator="lan", at="2026-01-01")
            again = codes.issue(connection, subject, parts, batch="lô 1", operator="lan", at="2026-01-02")
            assert (again.code, again.linked_to, again.new) == (outcome.code, outcome.linked_to, False)
            if held:
                assert outcome.code == held
            if outcome.new:
                assert outcome.code not in printed_before
                printed_before.add(str(outcome.code))
    _assert_sound(catalogue)


def _assert_sound(database: Database) -> None:
    with database.read() as connection:
        numbers: dict[tuple[str, str, str], list[int]] = {}
        for row in connection.execute(select(t.code).order_by(t.code.c.id)):
            numbers.setdefault((row.owner, row.result_type, row.number), []).append(row.running)
        doubled = connection.execute(
            select(t.code.c.identity)
            .where(t.code.c.state == "issued")
            .group_by("identity")
            .having(func.count() > 1)
        ).all()
    assert all(used == list(range(1, len(used) + 1)) for used in numbers.values())
    assert doubled == []


def test_digests_of_one_identity_differ_only_in_what_identity_is() -> None:
    base = CodeParts(OWNER, KQ, "1/2020", "Xã Diên An", "2020-01-01")
    assert base._replace(unit="XÃ DIÊN AN").identity == base.identity
    for change in (
        {"owner": ""},
        {"number": "1/2021"},
        {"unit": "Xã Diên Phú"},
        {"issue_date": "2020-01-02"},
    ):
        assert base._replace(**change).identity != base.identity
