"""Blind second keying: a drawn value is keyed by two people who do not see each other's answer; a third decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from configs.second_keying import load_second_keying
from configs.settings import Settings
from extractors.decided import unconfirmed
from review.drop_downs import ANSWER, READ_RIGHT
from schemas.documents import Field
from schemas.errors import ConfigurationError
from schemas.review import Action, Decision
from schemas.rules import KeyingRow
from schemas.second_keying import is_drawn
from tests.machine import Machine
from tests.portal_home import Browser, Portal, papers_of, portal_over
from tests.reviewed_batch import BATCH, RULES, fill
from tests.test_portal_review import code_of
from tests.test_portal_second_keying import key, offered

FIRST, SECOND = "056221001234", "056221005674"
CODE = ".KQ.G15.000031.125/2021.01"
ROW = """[[row]]
effective_from = 2020-01-01
field = "{field}"
values = "typed"
share = {share}
seed = "hạt giống của phép thử"
decision = "12/QĐ-SNV ngày 05/01/2026"
"""


def draw(home: Path, share: float = 1.0) -> None:
    """Have this share of the typed values of the home keyed a second time."""
    rows = "\n".join(ROW.format(field=field, share=share) for field in ("number", "owner_id"))
    (home / "second_keying.toml").write_text(rows, encoding="utf-8")


@pytest.fixture
def machine(quick_review: Machine) -> Machine:
    draw(quick_review.home)
    return quick_review


@pytest.fixture
def portal(digitised: Path, tmp_path: Path) -> Iterator[Portal]:
    made = tmp_path / "drawn"
    made.mkdir()
    import shutil

    home = shutil.copytree(digitised, made / "home")
    draw(home)
    with portal_over(home, tmp_path / "portal") as running:
        yield running


def say(machine: Machine, value: str, who: str, *more: str) -> Any:
    paper = papers_of(machine.home)["04.png"]
    return machine.run("review", "set", paper, f"owner_id={value}", "--operator", who, *more)


def shown(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = machine.json("review", "show", papers_of(machine.home)["04.png"])
    return found


def listed(machine: Machine, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = machine.json("review", "second", "list", *options)
    return found


def test_two_people_who_key_the_same_make_the_code_and_are_listed_once(machine: Machine) -> None:
    assert listed(machine)["summary"] == {
        **dict.fromkeys(("n", "same", "differs", "waiting"), 0),
        **dict.fromkeys(("rate", "low", "high")),
    }
    assert say(machine, FIRST, "lan").returncode == 0
    assert say(machine, FIRST, "lan").returncode == 0 and shown(machine)["code"] is None
    refused = say(machine, FIRST, "lan", "--confirm")
    assert refused.returncode == 2 and "người khác" in refused.stderr
    (waiting,) = listed(machine, "--batch", BATCH)["values"]
    assert (waiting["state"], waiting["first"]["by"], waiting["first"]["value"]) == ("waiting", "lan", None)
    assert say(machine, FIRST, "vân").returncode == 0
    assert shown(machine)["code"] == FIRST + CODE
    told = listed(machine)
    (value,) = told["values"]
    assert (value["state"], value["first"]["by"], value["second"]["by"]) == ("same", "lan", "vân")
    assert FIRST not in json.dumps(told) and value["first"]["value"] == value["second"]["value"]
    assert (told["summary"]["n"], told["summary"]["same"], told["summary"]["rate"]) == (1, 1, 0.0)
    assert 0.9 < told["summary"]["high"] < 1.0
    said = machine.run("review", "second", "list").stdout
    assert "1 giá trị do hai người gõ độc lập" in said and "giống nhau" in said and FIRST not in said
    assert machine.run("review", "second", "list", "--batch", "không có").returncode == 2


def test_until_then_no_command_shows_the_first_answer(machine: Machine, tmp_path: Path) -> None:
    say(machine, FIRST, "lan")
    paper = papers_of(machine.home)["04.png"]
    for command in (
        ("review", "show", paper),
        ("review", "list", BATCH),
        ("review", "second", "list"),
    ):
        for options in ((), ("--json",)):
            assert FIRST not in machine.run(*command, *options).stdout, command
    told = machine.run("review", "show", paper).stdout
    assert "Số định danh chủ giấy tờ = (ẩn) (trước: (ẩn))" in told, "hidden, not missing"
    question = next(each for each in shown(machine)["questions"] if each["target"] == "owner_id")
    assert (question["value"], question["raw"], question["confidence"]) == (None, None, None)
    assert question["box"] and [each["rule"] for each in question["reasons"]] == ["field_second_keying"]
    (traced,) = machine.json("trace", paper)["papers"]
    assert traced["fields"]["owner_id"]["value"] is None
    assert [each["value"] for each in traced["decisions"]] == [None]
    book = tmp_path / "ra.xlsx"
    assert machine.run("review", "export", BATCH, book).returncode == 0
    cells = [str(cell.value) for sheet in load_workbook(book) for row in sheet.rows for cell in row]
    assert not [each for each in cells if FIRST in each or "056921001234" in each]


def test_two_answers_that_differ_stand_and_a_third_person_sees_both_and_decides(machine: Machine) -> None:
    say(machine, FIRST, "lan")
    assert say(machine, SECOND, "vân").returncode == 0
    found = shown(machine)
    question = next(each for each in found["questions"] if each["target"] == "owner_id")
    assert question["answers"] == [FIRST, SECOND] and found["code"] is None
    assert [(each["operator"], each["target"], each["value"]) for each in found["decisions"]] == [
        ("lan", "owner_id", FIRST),
        ("vân", "second:owner_id", SECOND),
    ]
    assert "Hai người gõ" in machine.run("review", "show", found["id"]).stdout
    for who in ("lan", "vân"):
        for value in (FIRST, SECOND):
            refused = say(machine, value, who)
            assert refused.returncode == 2 and "người khác" in refused.stderr
    accepted = machine.run("review", "accept", found["id"], "--operator", "ba")
    assert accepted.returncode == 2 and shown(machine)["code"] is None
    assert listed(machine)["values"][0]["state"] == "differs"
    assert say(machine, SECOND, "ba").returncode == 0
    assert shown(machine)["code"] == SECOND + CODE
    told = listed(machine)
    assert [(each["state"], each["first"]["by"], each["second"]["by"]) for each in told["values"]] == [
        ("settled", "lan", "vân")
    ]
    assert told["values"][0]["settled"]["by"] == "ba"
    assert (told["summary"]["n"], told["summary"]["differs"]) == (1, 1)
    decided = [each["value"] for each in shown(machine)["decisions"]]
    assert decided[:2] == [FIRST, SECOND]


def test_a_third_person_may_take_the_first_answer_or_another_one(machine: Machine) -> None:
    say(machine, FIRST, "lan")
    say(machine, SECOND, "vân")
    assert say(machine, FIRST, "ba").returncode == 0
    assert shown(machine)["code"] == FIRST + CODE
    assert listed(machine)["values"][0]["state"] == "settled"


def test_the_first_person_may_mend_the_own_answer_before_anybody_keyed_it_again(machine: Machine) -> None:
    say(machine, SECOND, "lan")
    say(machine, FIRST, "lan")
    say(machine, FIRST, "vân")
    assert shown(machine)["code"] == FIRST + CODE
    assert [each["state"] for each in listed(machine)["values"]] == ["same"]


def test_the_answers_are_kept_by_a_rebuild(machine: Machine) -> None:
    say(machine, FIRST, "lan")
    say(machine, SECOND, "vân")
    before = listed(machine)
    for path in machine.home.glob("catalogue.db*"):
        path.unlink()
    assert machine.run("rebuild").returncode == 0
    assert listed(machine) == before


def test_calibration_counts_a_value_of_two_people_once_and_leaves_out_what_they_differ_about(
    machine: Machine,
) -> None:
    def checked() -> int:
        return int(machine.json("calibrate")["checked"])

    paper = papers_of(machine.home)["04.png"]
    number = "number=127/2021"
    none = checked()
    machine.run("review", "set", paper, number, "--operator", "lan")
    once = checked()
    assert once == none + 1
    machine.run("review", "set", paper, "number=128/2021", "--operator", "vân")
    assert checked() == none
    machine.run("review", "set", paper, number, "--operator", "ba")
    assert checked() == once
    assert [each["state"] for each in listed(machine)["values"]] == ["settled"]


def test_a_workbook_asks_blind_and_takes_the_second_answer_of_another_person(
    machine: Machine, tmp_path: Path
) -> None:
    say(machine, FIRST, "lan")
    book = tmp_path / "ra.xlsx"
    assert machine.run("review", "export", BATCH, book).returncode == 0
    asked = ("04.png", "Số định danh chủ giấy tờ")
    fill(book, {asked: READ_RIGHT}, column=ANSWER, who="vân")
    unseen = machine.run("review", "import", book)
    assert unseen.returncode == 2 and shown(machine)["code"] is None
    assert "được ẩn để gõ lại độc lập" in unseen.stderr
    fill(book, {asked: ""}, column=ANSWER, who="vân")
    fill(book, {asked: FIRST}, who="lan")
    own = machine.run("review", "import", book)
    assert own.returncode == 2 and "dòng" in own.stderr and "người khác" in own.stderr
    fill(book, {}, who="vân")
    done = machine.run("review", "import", book)
    assert done.returncode == 0, done.stderr
    assert shown(machine)["code"] == FIRST + CODE
    assert [each["state"] for each in listed(machine)["values"]] == ["same"]
    assert machine.run("review", "import", book).returncode == 0
    assert len(shown(machine)["decisions"]) == 2


def test_an_old_workbook_settles_nothing_that_its_reader_did_not_see(
    machine: Machine, tmp_path: Path
) -> None:
    say(machine, FIRST, "lan")
    book = tmp_path / "ra.xlsx"
    machine.run("review", "export", BATCH, book)
    say(machine, SECOND, "vân")
    fill(book, {("04.png", "Số định danh chủ giấy tờ"): FIRST}, who="ba")
    refused = machine.run("review", "import", book)
    assert refused.returncode == 2 and "Dòng đã cũ" in refused.stderr, "the answer is not lost in silence"
    assert listed(machine)["values"][0]["state"] == "differs"
    assert shown(machine)["code"] is None


def sheet_of(browser: Browser, paper: str) -> str:
    return str(browser.get(f"/review/{paper}").text)


def test_the_page_asks_another_person_from_the_picture_alone(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    lan, vân = portal.signed_in("lan"), portal.signed_in("vân")
    assert key(portal, lan, paper, FIRST) == 200 and code_of(portal, paper) is None
    assert key(portal, lan, paper, FIRST) == 409
    assert paper not in offered(lan) and paper in offered(vân)
    page = sheet_of(vân, paper)
    line = page.partition('data-target="owner_id"')[2].partition("</div>")[0]
    assert "data-again" in line and "data-box" in line and 'value=""' in line
    for address in (f"/review/{paper}", f"/papers/{paper}", f"/papers/{paper}/trace"):
        assert FIRST not in vân.get(address).text
    assert FIRST not in vân.post(f"/papers/{paper}/clear", f"/papers/{paper}").text
    version = page.partition('data-version="')[2].partition('"')[0]
    guess = {"version": version, "answers": json.dumps([{"target": "owner_id", "value": FIRST, "ms": 1}])}
    foreseen = vân.post(f"/review/{paper}/foresee", **guess).json()
    assert (foreseen["accepted"], foreseen["code"]) == (False, None)
    guess["answers"] = guess["answers"].replace(FIRST, SECOND)
    assert vân.post(f"/review/{paper}/foresee", **guess).json() == foreseen
    assert FIRST not in vân.post(f"/review/{paper}/as", **guess).text
    vân.post(f"/review/{paper}/leave")
    assert key(portal, vân, paper, FIRST) == 200 and code_of(portal, paper)


def test_on_the_page_a_third_person_sees_both_answers_and_the_rate_is_shown(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    lan, vân, third = (portal.signed_in(name) for name in ("lan", "vân", "xã này"))
    assert key(portal, lan, paper, FIRST) == 200 and key(portal, vân, paper, SECOND) == 200
    assert key(portal, lan, paper, SECOND) == 409 and key(portal, vân, paper, FIRST) == 409
    assert paper in offered(third) and paper not in offered(lan) | offered(vân)
    page = sheet_of(third, paper)
    assert FIRST in page and SECOND in page and "chờ người thứ ba" in page
    third.post(f"/review/{paper}/leave")
    assert key(portal, third, paper, SECOND) == 200
    code = code_of(portal, paper)
    assert code is not None and code.startswith(SECOND)
    speed = portal.signed_in("tra").get("/speed").text
    assert "1 giá trị do hai người gõ độc lập" in speed and "100,0 %" in speed


def row(**changes: Any) -> KeyingRow:
    given = {
        "effective_from": "2026-01-01",
        "field": "number",
        "values": "written",
        "share": 0.3,
        "seed": "hạt giống",
    }
    return KeyingRow.model_validate({**given, **changes})


def test_the_seed_draws_the_same_papers_whenever_it_is_asked_and_about_the_share() -> None:
    ids = [f"{at:032x}" for at in range(2000)]
    day = date(2026, 3, 1)

    def drawn(of: KeyingRow) -> list[str]:
        return [own for own in ids if is_drawn([of], own, "number", {"written"}, day)]

    assert drawn(row()) == drawn(row()) and 500 < len(drawn(row())) < 700
    assert set(drawn(row(share=0.1))) < set(drawn(row()))
    assert drawn(row(seed="hạt giống khác")) != drawn(row())
    assert drawn(row(share=0)) == drawn(row(effective_from="2026-04-01")) == []
    assert drawn(row(values="typed")) == drawn(row(field="owner_id")) == []
    assert drawn(row(share=1)) == ids


def test_a_written_number_is_keyed_again_also_where_the_first_person_took_it_as_read() -> None:
    fields = {"number": Field(value="12/2021", page=1)}
    said = Decision(
        target="number", action=Action.SET, value="12/2021", operator="lan", at="2026-03-01T01:00:00+00:00"
    )
    book = RULES.book.model_copy(update={"second_keying": (row(share=1),)})

    def found(*written: str) -> list[str]:
        return [each.rule for each in unconfirmed(fields, {"number": said}, book, "0" * 32, written)]

    assert found("number") == ["field_second_keying"] and found() == []


def test_the_shipped_table_draws_nothing_and_says_that_it_is_a_guess() -> None:
    rows = load_second_keying()
    assert {row.share for row in rows} == {0.0} and all("a guess" in row.source for row in rows)
    assert {row.mark for row in rows} == {"?"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('field = "number"', 'field = "agency"', "field"),
        ("share = 1.0", "share = 2", "share"),
        ("effective_from = 2020-01-01\n", "", "effective_from"),
        ('values = "typed"', 'values = "mọi"', "values"),
        ('seed = "hạt giống của phép thử"', 'seed = "x"', "seed"),
        ("share = 1.0", "shares = 1.0", "shares"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_file_row_and_what_to_mend(
    quick_review: Machine, old: str, new: str, told: str
) -> None:
    good = ROW.format(field="owner_id", share=1.0)
    bad = ROW.format(field="number", share=1.0).replace(old, new)
    (quick_review.home / "second_keying.toml").write_text(good + bad, encoding="utf-8")
    done = say(quick_review, FIRST, "lan")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "second_keying.toml" in done.stderr and "row 2" in done.stderr and told in done.stderr
    assert "Sửa dòng ấy" in done.stderr
    assert shown(quick_review)["decisions"] == []


def test_rows_that_overlap_and_tables_of_another_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "second_keying.toml"
    one = ROW.format(field="number", share=0.5)
    for text, told in (
        (one + one, "overlap"),
        ("share = 0.5\n" + one, "share"),
        (one.replace('"number"', '"owner_id"').replace('"typed"', '"written"'), "typed"),
        ("[[row]\n", "TOML"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=told):
            load_second_keying(path)


def test_what_is_drawn_is_part_of_the_digest_and_of_a_backup(machine: Machine, tmp_path: Path) -> None:
    from workspace.opening import Rules

    settings = Settings(home=machine.home, confirm_typed="off")
    drawn = Rules.load(settings).digests(settings, None)
    draw(machine.home, 0.5)
    half = Rules.load(settings).digests(settings, None)
    assert drawn.understanding != half.understanding and drawn.reading == half.reading
    assert machine.run("backup", tmp_path / "sao.tar.gz").returncode == 0
    other = Machine(tmp_path / "khác")
    assert other.run("restore", tmp_path / "sao.tar.gz").returncode == 0
    kept = other.home / "second_keying.toml"
    assert kept.read_bytes() == (machine.home / "second_keying.toml").read_bytes()


def test_search_and_the_list_of_a_batch_hide_what_waits_for_a_second_person(portal: Portal) -> None:
    paper, number = papers_of(portal.machine.home)["04.png"], "127/2021"
    lan, vân = portal.signed_in("lan"), portal.signed_in("vân")

    def shown_to_vân() -> list[bool]:
        found = vân.post("/search", words=number).text
        assert paper in found
        command = portal.machine.run("search", number, "--clear").stdout
        return [
            f"{number}</a>" in found or "<mark>" in found,
            number in vân.get(f"/batches/{BATCH}").text,
            number in command,
        ]

    answer(lan, paper, number=number)
    assert shown_to_vân() == [False, False, False]
    answer(vân, paper, number=number)
    assert shown_to_vân() == [True, True, True]


def answer(browser: Browser, paper: str, **said: str) -> None:
    """Answer on the page, and put the paper back."""
    version = browser.get(f"/review/{paper}").text.partition('data-version="')[2].partition('"')[0]
    answers = [{"target": target, "value": value, "sure": True, "ms": 900} for target, value in said.items()]
    done = browser.post(f"/review/{paper}", answers=json.dumps(answers), version=version)
    assert done.status_code == 200, done.text
    browser.post(f"/review/{paper}/leave")


def test_a_third_person_reads_that_the_second_found_no_value_and_the_list_tells_who_settled_it(
    machine: Machine,
) -> None:
    paper = papers_of(machine.home)["04.png"]
    say(machine, FIRST, "lan")
    gone = machine.run("review", "set", paper, "--absent", "owner_id", "--operator", "vân")
    assert gone.returncode == 0, gone.stderr
    assert (
        "Hai người gõ: «056*******34» và «không có trên giấy»." in machine.run("review", "show", paper).stdout
    )
    assert say(machine, FIRST, "ba").returncode == 0
    told = machine.run("review", "second", "list").stdout
    assert paper in told  # in one piece, to be copied
    assert "không có trên giấy" in told and "ba," in told and "quyết định" in told
    history = machine.run("review", "show", paper).stdout
    assert "quyết định khi hai người gõ khác nhau" in history


def test_on_the_page_the_first_person_is_told_so_and_may_mend_the_own_answer_alone(portal: Portal) -> None:
    paper = papers_of(portal.machine.home)["04.png"]
    lan, vân = portal.signed_in("lan"), portal.signed_in("vân")
    assert key(portal, lan, paper, SECOND) == 200
    page = lan.get(f"/review/{paper}").text
    assert "Bạn đã gõ giá trị này" in page and SECOND not in page
    lan.post(f"/review/{paper}/leave")
    assert "Bạn đã gõ" not in vân.get(f"/review/{paper}").text
    vân.post(f"/review/{paper}/leave")
    assert key(portal, lan, paper, SECOND) == 409
    assert key(portal, lan, paper, FIRST) == 200 and code_of(portal, paper) is None
    assert key(portal, vân, paper, FIRST) == 200 and code_of(portal, paper)


def test_a_workbook_of_before_the_first_answer_tells_nobody_whether_they_agree(
    machine: Machine, tmp_path: Path
) -> None:
    book = tmp_path / "ra.xlsx"
    machine.run("review", "export", BATCH, book)
    say(machine, FIRST, "lan")
    for value in (FIRST, SECOND):
        fill(book, {("04.png", "Số định danh chủ giấy tờ"): value}, who="vân")
        refused = machine.run("review", "import", book)
        assert refused.returncode == 2 and "Dòng đã cũ" in refused.stderr
    assert [each["state"] for each in listed(machine)["values"]] == ["waiting"]
