"""Review by people: a workbook goes out with what was read and comes back with decisions; or the same by hand."""

from __future__ import annotations

import io
import json
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator
from openpyxl import Workbook, load_workbook
from PIL import Image

from extractors.crops import cut_page
from review.answers import WrongAnswer
from review.by_hand import accept_paper, set_values
from review.drop_downs import ANSWER, COLUMNS, IDENTITY, VALUE
from review.questions import Waiting, questions_of, waiting
from review.workbook import HEAD_ROW, SHEET, write_workbook
from schemas.clock import today
from schemas.documents import Document, Field, Route, Verdict
from schemas.events import EventType
from schemas.findings import Finding, Severity, finding
from schemas.reading import Box, Format, PageSource
from schemas.review import Action, Decision, in_force
from schemas.rules import ImageRule
from storage.catalogue import decisions, documents
from storage.objects import keys
from storage.outbox import read_events
from storage.sidecars import read_sidecar
from tests.machine import Machine, kill_group
from tests.papers import paper
from tests.reviewed_batch import (
    BATCH,
    OTHER,
    RIGHT,
    RULES,
    cell,
    copy_of,
    digitise,
    everything,
    exported,
    fill,
    rows_of,
    stored,
    take,
)
from workspace.opening import Workspace

CONTRACT = Path(__file__).parent / "contract"


@pytest.fixture
def workspace(digitised: Path, tmp_path: Path) -> Iterator[Workspace]:
    with copy_of(digitised, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def workbook(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The batch's workbook as it goes out; tests fill copies."""
    folder = tmp_path_factory.mktemp("workbook")
    with copy_of(digitised, folder) as opened:
        return exported(opened, folder / "ra.xlsx")


@pytest.fixture
def copy(workbook: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(workbook, tmp_path / "vào.xlsx"))


def problems(done: Any) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.problem) for each in done.problems]


def row_of(path: Path, file: str, question: str) -> int:
    sheet = load_workbook(path)[SHEET]
    return next(
        row
        for row in rows_of(sheet)
        if str(cell(sheet, row, "Giấy tờ")).startswith(file)
        and str(cell(sheet, row, "Mục")).rstrip(" *") == question
    )


def refused(workspace: Workspace, path: Path, **options: Any) -> list[tuple[int, str, str]]:
    """What is wrong with a workbook, after seeing that nothing was changed by it."""
    before = everything(workspace)
    done = take(workspace, path, **options)
    assert everything(workspace) == before and not done.applied
    return problems(done)


def as_agreed(name: str, answer: Any) -> None:
    """An answer has the shape that was promised."""
    schema = json.loads((CONTRACT / f"review-{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(answer)


# What goes out.


def test_the_workbook_asks_for_what_papers_lack_and_shows_a_picture_of_each(workbook: Path) -> None:
    sheet = load_workbook(workbook)[SHEET]
    asked = {
        (str(cell(sheet, row, "Giấy tờ")).split("\n")[0], str(cell(sheet, row, "Mục")))
        for row in rows_of(sheet)
    }
    assert {(file, f"{question} *") for file, question in RIGHT} <= asked
    with_page = [row for row in rows_of(sheet) if not str(cell(sheet, row, "Giấy tờ")).startswith("Cả lô")]
    assert {image.anchor._from.row for image in sheet._images} == {row - 1 for row in with_page}


def test_only_the_cells_to_fill_can_be_changed_and_the_identity_is_hidden(workbook: Path) -> None:
    sheet = load_workbook(workbook)[SHEET]
    assert sheet.protection.sheet
    open_columns = {
        column
        for row in rows_of(sheet)
        for column, name in enumerate(COLUMNS, 1)
        if not sheet.cell(row, column).protection.locked
    }
    assert open_columns == {COLUMNS.index(name) + 1 for name in (ANSWER, VALUE, "Ghi chú")}
    assert sheet.column_dimensions["K"].hidden
    assert sheet.freeze_panes == f"A{HEAD_ROW + 1}"


def test_closed_lists_are_offered_as_drop_downs(workbook: Path) -> None:
    book = load_workbook(workbook)
    offered = {
        str(place): rule.formula1
        for rule in book[SHEET].data_validations.dataValidation
        for place in rule.sqref.ranges
    }
    row = row_of(workbook, "03.png", "Loại giấy")
    kinds = offered[f"I{row}"].replace("'Danh mục'!", "").replace("$", "")
    titles = {each[0].value for each in book["Danh mục"][kinds]}
    assert titles == {kind.title for kind in RULES.book.kinds}
    assert book["Danh mục"].sheet_state == "hidden"


def test_the_workbook_is_for_its_owner_alone_and_never_overwritten(
    workspace: Workspace, tmp_path: Path
) -> None:
    from schemas.errors import UsageError

    path = exported(workspace, tmp_path / "a.xlsx", OTHER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError) as caught:
        exported(workspace, path, OTHER)
    assert caught.value.remedy == "review_workbook_there"


# What comes back.


def test_a_filled_workbook_gets_its_papers_accepted_and_coded(workspace: Workspace, copy: Path) -> None:
    fill(copy, dict(RIGHT))
    done = take(workspace, copy)
    assert done.problems == ()
    rows = stored(workspace)
    assert {row.document.route for row in rows.values()} == {Route.ACCEPTED}
    assert {name: row.code for name, row in rows.items()} == {
        "01.png": "056221001234.KQ.G15.000031.123/2021.01",
        "02.png": ".KQ.G15.000034.12/TLKT.01",
        "03.png": "056221005678.KQ.G15.000031.124/2021.01",
        "04.png": "056221001234.KQ.G15.000031.125/2021.01",
    }
    first = rows["01.png"].document
    assert (first.level, first.unit, first.validity.state) == ("xa", "Xã Diên An", "in_force")
    field = first.fields["issue_date"]
    assert (field.value, field.source, field.confidence) == ("2021-05-12", "operator", 1.0)
    assert field.raw and field.box, "what the machine saw stays beside it"


def test_decisions_are_events_and_a_sidecar_and_reports_that_agree(workspace: Workspace, copy: Path) -> None:
    before = stored(workspace)["04.png"]
    fill(copy, dict(RIGHT), who="chị Lan")
    take(workspace, copy)
    row = stored(workspace)["04.png"]
    told = [
        event
        for event in documents.events_of(workspace.database, [row.document.id])
        if event.type is EventType.DECISION
    ]
    assert [(event.agent, event.detail["target"]) for event in told] == [("chị Lan", "owner_id")]
    assert (told[0].detail["old"], told[0].detail["new"]) == ("056921001234", "056221001234")
    exported_too = read_events(workspace.store, BATCH, workspace.run.id)
    assert {event.type for event in exported_too} >= {EventType.DECISION, EventType.CODE_ISSUED}
    kept = read_sidecar(workspace.store, row.sidecar_key)
    assert (row.version, kept.document.value("owner_id")) == (before.version + 1, "056221001234")
    assert read_sidecar(workspace.store, before.sidecar_key).document == before.document
    assert kept.rendition is not None and (row.pdfa_key, row.pdfa_sha256) == (
        kept.rendition.key,
        kept.rendition.sha256,
    )
    assert row.pdfa_key != before.pdfa_key, "the corrected words are in a file of their own"
    table = pq.read_table(
        io.BytesIO(workspace.store.read(keys.derived(BATCH, "documents.parquet")))
    ).to_pylist()
    assert {each["file"]: each["code"] for each in table} == {
        name: each.code for name, each in stored(workspace).items()
    }


def test_the_same_workbook_again_changes_nothing(workspace: Workspace, copy: Path) -> None:
    fill(copy, dict(RIGHT))
    take(workspace, copy)
    before = everything(workspace)
    done = take(workspace, copy)
    assert (done.problems, done.applied, done.already) == ((), (), len(RIGHT))
    assert everything(workspace) == before


def test_rows_left_empty_are_asked_again_and_filled_later_in_the_same_workbook(
    workspace: Workspace, copy: Path
) -> None:
    key = ("02.png", "Loại kết quả (mã KQ)")
    fill(copy, {key: RIGHT[key]})
    first = take(workspace, copy)
    assert [each.before.file for each in first.applied] == ["02.png"]
    assert first.unanswered > 0
    asked = {paper.row.file for paper in waiting(workspace.database, BATCH, RULES.book)}
    assert asked == {"01.png", "03.png", "04.png"}
    fill(copy, {each: value for each, value in RIGHT.items() if each != key})
    second = take(workspace, copy)
    assert second.problems == () and second.already == 1
    assert all(row.code for row in stored(workspace).values())


def test_who_may_be_named_on_the_command_line_instead_and_must_be_named(
    workspace: Workspace, copy: Path
) -> None:
    fill(copy, dict(RIGHT), who="")
    assert refused(workspace, copy) == [(3, "Người xem (họ tên):", "operator_missing")]
    take(workspace, copy, operator="anh Ba")
    said = decisions.of_documents(workspace.database, [stored(workspace)["04.png"].document.id])
    assert {each.operator for held in said.values() for each in held} == {"anh Ba"}


def test_what_was_read_may_be_called_right_and_a_failing_check_overruled(
    workspace: Workspace, copy: Path
) -> None:
    key = ("04.png", "Số định danh chủ giấy tờ")
    fill(copy, {key: "Máy đọc đúng"}, column=ANSWER)
    done = take(workspace, copy)
    assert done.problems == ()
    row = stored(workspace)["04.png"]
    assert (row.document.route, row.code) == (Route.ACCEPTED, "056921001234.KQ.G15.000031.125/2021.01")


# What is refused.


@pytest.mark.parametrize(
    ("question", "value", "problem"),
    [
        (("01.png", "Ngày ban hành"), "2021", "answer_date"),
        (("01.png", "Ngày ban hành"), "30/02/2021", "answer_date_unreal"),
        (("01.png", "Ngày ban hành"), "12/05/2921", "answer_date_future"),
        (("02.png", "Loại kết quả (mã KQ)"), "KQ.G15.000031", "answer_result_type_of_kind"),
        (("03.png", "Loại giấy"), "Giấy gì đó", "answer_kind"),
        (("04.png", "Số định danh chủ giấy tờ"), "05622100123", "answer_identifier"),
        (("04.png", "Số định danh chủ giấy tờ"), "056921001235", "answer_identifier_unsound"),
        (("04.png", "Số định danh chủ giấy tờ"), 56221001234, "answer_cell_is_number"),
        (("Cả lô", "Đơn vị"), "Xã Không Có", "answer_unit"),
    ],
)
def test_a_wrong_value_is_named_by_row_and_column_and_nothing_is_taken(
    workspace: Workspace, copy: Path, question: tuple[str, str], value: object, problem: str
) -> None:
    fill(copy, {**RIGHT, question: value})
    assert refused(workspace, copy) == [(row_of(copy, *question), VALUE, problem)]


def test_formulas_contradictions_and_unknown_answers_are_each_named(workspace: Workspace, copy: Path) -> None:
    fill(
        copy,
        {
            ("01.png", "Ngày ban hành"): "=TODAY()",
            ("01.png", "Cơ quan ban hành"): "Ủy ban nhân dân xã Diên An",
        },
    )
    fill(
        copy,
        {("01.png", "Cơ quan ban hành"): "Không có trên giấy", ("03.png", "Loại giấy"): "Ừ"},
        column=ANSWER,
    )
    assert refused(workspace, copy) == [
        (row_of(copy, "01.png", "Ngày ban hành"), VALUE, "formula"),
        (row_of(copy, "01.png", "Cơ quan ban hành"), ANSWER, "contradiction"),
        (row_of(copy, "03.png", "Loại giấy"), ANSWER, "answer_unknown"),
    ]


@pytest.mark.parametrize("name", [VALUE, ANSWER, IDENTITY, "Mục"])
def test_a_deleted_column_is_named(workspace: Workspace, copy: Path, name: str) -> None:
    fill(copy, dict(RIGHT))
    book = load_workbook(copy)
    book[SHEET].delete_cols(COLUMNS.index(name) + 1)
    book.save(copy)
    assert refused(workspace, copy) == [(HEAD_ROW, name, "column_missing")]


def test_rows_of_another_batch_are_named_with_their_batch(
    workspace: Workspace, copy: Path, tmp_path: Path
) -> None:
    other = exported(workspace, tmp_path / "khác.xlsx", OTHER)
    fill(other, {("05.png", "Số, ký hiệu"): "126/2021"})
    theirs, book = load_workbook(other)[SHEET], load_workbook(copy)
    at = book[SHEET].max_row + 1
    for column in range(1, len(COLUMNS) + 1):
        book[SHEET].cell(at, column, theirs.cell(row_of(other, "05.png", "Số, ký hiệu"), column).value)
    book[SHEET]["C3"] = "chị Lan"
    book.save(copy)
    before = everything(workspace)
    done = take(workspace, copy)
    assert problems(done) == [(at, IDENTITY, "other_batch")]
    assert done.problems[0].params == {"other": OTHER, "batch": BATCH}
    assert everything(workspace) == before


def test_a_row_whose_value_was_changed_meanwhile_is_stale(workspace: Workspace, copy: Path) -> None:
    fill(copy, dict(RIGHT))
    row = stored(workspace)["04.png"]
    set_values(workspace, row.document.id, {"owner_id": "056221001235"}, as_of=today())
    assert refused(workspace, copy) == [
        (row_of(copy, "04.png", "Số định danh chủ giấy tờ"), "Máy đọc được", "stale")
    ]


def test_rows_copied_or_robbed_of_their_identity_are_named(workspace: Workspace, copy: Path) -> None:
    fill(copy, dict(RIGHT))
    book = load_workbook(copy)
    sheet = book[SHEET]
    first, second = (row_of(copy, *key) for key in list(RIGHT)[:2])
    sheet.cell(second, len(COLUMNS), sheet.cell(first, len(COLUMNS)).value)
    third = row_of(copy, *list(RIGHT)[2])
    sheet.cell(third, len(COLUMNS)).value = None
    book.save(copy)
    assert refused(workspace, copy) == [
        (second, IDENTITY, "identity_twice"),
        (third, IDENTITY, "identity_missing"),
    ]


@pytest.mark.parametrize("what", ["absent", "text", "empty", "other"])
def test_a_file_that_is_no_such_workbook_is_refused_whole(
    workspace: Workspace, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "x.xlsx"
    if what == "other":
        Workbook().save(path)
    elif what != "absent":
        path.write_text("không phải bảng tính" if what == "text" else "")
    assert [problem for _, _, problem in refused(workspace, path)] == [
        "workbook" if what in {"absent", "empty"} else "sheet_missing"
    ]


def test_an_import_that_dies_in_the_middle_leaves_nothing_and_is_repeated_whole(
    workspace: Workspace, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(copy, dict(RIGHT))
    before = everything(workspace)
    honest, calls = decisions.commit_next, []

    def dying(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return honest(*arguments)

    monkeypatch.setattr(decisions, "commit_next", dying)
    with pytest.raises(KeyboardInterrupt):
        take(workspace, copy)
    assert everything(workspace) == before
    monkeypatch.setattr(decisions, "commit_next", honest)
    assert take(workspace, copy).problems == ()
    assert all(row.code for row in stored(workspace).values())


def test_a_workbook_of_papers_that_are_not_here_says_so(workspace: Workspace, copy: Path) -> None:
    book = load_workbook(copy)
    sheet = book[SHEET]
    identity = COLUMNS.index(IDENTITY) + 1
    sheet.cell(3, identity).value = None
    for row in range(HEAD_ROW + 1, sheet.max_row + 1):
        _, _, rest = str(sheet.cell(row, identity).value).partition("|")
        sheet.cell(row, identity).value = f"{'f' * 32}|{rest}"
    book.save(copy)
    fill(copy, dict(RIGHT))
    done = take(workspace, copy)
    assert {problem.problem for problem in done.problems} == {"document_absent"} and not done.applied


def test_reports_that_a_killed_import_did_not_write_are_written_by_the_next(
    workspace: Workspace, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from review import deciding

    fill(copy, dict(RIGHT))

    def killed(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    honest = deciding.close_batch
    monkeypatch.setattr(deciding, "close_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        take(workspace, copy)
    assert documents.events_to_export(workspace.database, BATCH)
    monkeypatch.setattr(deciding, "close_batch", honest)
    assert take(workspace, copy).applied == ()
    assert documents.events_to_export(workspace.database, BATCH) == []


def test_a_picture_under_the_mark_is_asked_about_and_passes_on_a_persons_word(
    digitised: Path, tmp_path: Path
) -> None:
    strict = ImageRule(
        rule="image_low_resolution",
        property="dpi",
        operation="<",
        value=400,
        severity=Severity.ERROR,
        effective_from=date(2020, 1, 1),
        source="test",
    )
    rules = replace(RULES, image=(strict,))
    with copy_of(digitised, tmp_path, rules) as workspace:
        digitise(workspace, digitised.parent / OTHER)
        assert stored(workspace, OTHER)["05.png"].document.route is Route.RESCAN
        path = exported(workspace, tmp_path / "a.xlsx", OTHER)
        fill(path, {("05.png", "Số, ký hiệu"): "126/2021"})
        fill(path, {("05.png", "Ảnh quét"): "Phải quét lại"}, column=ANSWER)
        again = take(workspace, path)
        assert (again.problems, again.again) == ((), 1)
        assert stored(workspace, OTHER)["05.png"].document.route is Route.RESCAN
        fill(path, {("05.png", "Ảnh quét"): "Ảnh dùng được"}, column=ANSWER)
        assert take(workspace, path).problems == ()
        row = stored(workspace, OTHER)["05.png"]
        assert (row.document.route, bool(row.code)) == (Route.ACCEPTED, True)


# What lasts.


def test_a_run_under_other_rules_keeps_what_a_person_decided(
    digitised: Path, copy: Path, tmp_path: Path
) -> None:
    fill(copy, dict(RIGHT))
    with copy_of(digitised, tmp_path) as workspace:
        take(workspace, copy)
        before = stored(workspace)
    thresholds = RULES.book.thresholds.model_copy(update={"field": RULES.book.thresholds.field + 0.01})
    other = replace(RULES, book=RULES.book.model_copy(update={"thresholds": thresholds}))
    with copy_of(digitised, tmp_path, other) as workspace:
        digitise(workspace, digitised.parent / BATCH)
        after = stored(workspace)
    for name, row in after.items():
        assert row.digests.understanding != before[name].digests.understanding
        assert row.version == before[name].version + 1
        assert (row.code, row.document.route) == (before[name].code, Route.ACCEPTED)
        assert row.document.fields == before[name].document.fields
        assert row.document.kind == before[name].document.kind


def test_a_run_under_the_same_rules_has_nothing_to_do_after_an_import(
    digitised: Path, workspace: Workspace, copy: Path
) -> None:
    fill(copy, dict(RIGHT))
    take(workspace, copy)
    before = {name: row.version for name, row in stored(workspace).items()}
    digitise(workspace, digitised.parent / BATCH)
    assert {name: row.version for name, row in stored(workspace).items()} == before


def test_a_part_of_a_code_that_a_person_corrects_is_told_and_the_code_stays(
    workspace: Workspace, copy: Path
) -> None:
    fill(copy, dict(RIGHT))
    take(workspace, copy)
    row = stored(workspace)["04.png"]
    (done,) = set_values(workspace, row.document.id, {"number": "152/2021"}, as_of=today())
    assert (done.after.code, done.after.new_code, done.after.document.route) == (
        row.code,
        False,
        Route.REVIEW,
    )
    assert [
        each.params["part"] for each in done.after.document.findings if each.rule == "code_part_differs"
    ] == ["number"]
    (back,) = set_values(workspace, row.document.id, {"number": "125/2021"}, as_of=today())
    assert (back.after.code, back.after.document.route) == (row.code, Route.ACCEPTED)


# By hand.


def test_a_paper_may_be_settled_by_hand(workspace: Workspace) -> None:
    rows = stored(workspace)
    values = {"issue_date": "12/05/2021", "agency": "Ủy ban nhân dân xã Diên An"}
    (done,) = set_values(workspace, rows["01.png"].document.id, values, as_of=today())
    assert done.after.code == "056221001234.KQ.G15.000031.123/2021.01"
    (accepted,) = accept_paper(workspace, rows["04.png"].document.id, as_of=today())
    assert accepted.after.document.route is Route.ACCEPTED
    assert accept_paper(workspace, rows["04.png"].document.id, as_of=today()) == []


def test_a_field_that_no_such_paper_has_is_no_target(workspace: Workspace) -> None:
    before = everything(workspace)
    for values in ({"isue_date": "12/05/2021"}, {"isue_date": None}, {"signer": "Lê\x07A"}):
        with pytest.raises(WrongAnswer):
            set_values(workspace, stored(workspace)["01.png"].document.id, values, as_of=today())
    assert everything(workspace) == before


def test_the_command_line_lists_shows_sets_and_imports(digitised: Path, copy: Path, tmp_path: Path) -> None:
    shutil.copytree(digitised, tmp_path / "home")
    machine = Machine(tmp_path)
    listed = machine.json("review", "list", BATCH)
    assert [paper["file"] for paper in listed["papers"]] == ["01.png", "02.png", "03.png", "04.png"]
    shown = machine.json("review", "show", listed["papers"][0]["id"])
    as_agreed("list", listed)
    as_agreed("show", shown)
    assert shown["lacks"] == ["issue_date", "agency"] and shown["decisions"] == []
    fill(copy, {**RIGHT, ("01.png", "Ngày ban hành"): "31/02/2021"})
    as_agreed("import", machine.json("review", "import", copy))
    wrong = machine.run("review", "import", copy)
    assert wrong.returncode == 2
    assert "dòng 6, cột «Giá trị đúng»: Không có ngày 31/02/2021" in wrong.stderr
    assert "056221001234" not in wrong.stderr + wrong.stdout
    fill(copy, dict(RIGHT))
    done = machine.json("review", "import", copy)
    as_agreed("import", done)
    assert done["problems"] == [] and [paper["new_code"] for paper in done["papers"]] == [True] * 4
    assert machine.json("review", "list", BATCH)["papers"] == []


@pytest.mark.long
def test_a_workbook_that_libreoffice_saved_is_taken(workspace: Workspace, copy: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no soffice here: apt-get install libreoffice-calc")
    out = tmp_path / "lo"
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        out,
        copy,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    saved = out / copy.name
    kept = load_workbook(saved)[SHEET]
    assert kept.protection.sheet and kept.column_dimensions["K"].hidden
    assert len(kept._images) == len(rows_of(kept))
    assert kept.data_validations.count >= 4
    fill(saved, dict(RIGHT))
    subprocess.run([*command[:-2], out / "again", saved], check=True, capture_output=True, timeout=240)
    done = take(workspace, out / "again" / saved.name)
    assert done.problems == ()
    assert all(row.code for row in stored(workspace).values())


# What is asked.


def questions(document: Document, *notes: Finding, said: Sequence[Decision] = ()) -> dict[str, bool]:
    """Targets asked about, with whether the paper waits for them."""
    asked = questions_of(document, notes, in_force(said), RULES.book)
    return {each.target: each.required for each in asked}


def test_a_bad_picture_may_be_said_to_do_and_a_lost_page_may_not() -> None:
    document = paper("a")
    bad = finding("image_blurred", page=1, severity=Severity.ERROR)
    lost = finding("page_broken", page=1, detail="-")
    assert questions(document, bad, lost) == {"picture:image_blurred:1": True, "-": True}
    fine = Decision(target="picture:image_blurred:1", action=Action.ACCEPT)
    assert questions(document, bad, said=[fine]) == {}
    assert questions(document, finding("image_blurred", page=1)) == {}, (
        "a warning keeps nothing from being accepted"
    )


def test_what_is_mandatory_is_asked_first_and_what_was_decided_not_again() -> None:
    document = paper("a", number=None, owner=None)
    asked = questions(document.model_copy(update={"findings": (finding("field_uncertain", field="signer"),)}))
    assert list(asked.items()) == [("number", True), ("owner_id", True), ("signer", False)]
    said = [Decision(target="signer", value="Lê A"), Decision(target="owner_id", action=Action.ABSENT)]
    unnamed = document.model_copy(
        update={"fields": {name: field for name, field in document.fields.items() if name != "owner_id"}}
    )
    assert questions(unnamed, said=said) == {"number": True, "owner_name": True, "owner_id": True}


def test_an_owner_without_a_number_is_asked_for_name_or_birth_date() -> None:
    document = paper("a", has_owner=False)
    assert questions(document) == {"owner_name": True, "owner_id": True}
    named = {**document.fields, "owner_name": Field(value="Lê A", confidence=0.9)}
    assert questions(document.model_copy(update={"fields": named})) == {"birth_date": True}


@pytest.mark.parametrize(
    "owner",
    [
        Field(value="Công ty TNHH Yến sào Khánh Hòa", confidence=0.9),
        Field(value="Yến sào Khánh Hòa", raw="Yến sào Khánh Hòa, mã số thuế: 4200239470", confidence=0.9),
    ],
)
def test_a_company_is_asked_for_its_number_and_not_for_its_birth_date(owner: Field) -> None:
    document = paper("a", has_owner=False)
    document = document.model_copy(update={"fields": {**document.fields, "owner_name": owner}})
    assert questions(document) == {"owner_id": True}
    absent = [Decision(target="owner_id", action=Action.ABSENT)]
    assert questions(document, said=absent) == {"first_issue_date": True}
    absent.append(Decision(target="first_issue_date", action=Action.ABSENT))
    assert questions(document, said=absent) == {"owner_id": True}


def test_a_mandatory_value_said_to_be_absent_stays_a_question_with_its_reason() -> None:
    document = paper("a", number=None)
    fields = {name: field for name, field in document.fields.items() if name != "number"}
    said = {"number": Decision(target="number", action=Action.ABSENT)}
    document = document.model_copy(update={"fields": fields})
    (asked,) = questions_of(document, (), said, RULES.book)
    assert (asked.target, asked.required) == ("number", True)
    assert "required_absent" in {note.rule for note in asked.reasons}


def test_a_picture_lies_as_it_was_read_with_its_field_framed(tmp_path: Path) -> None:
    page = np.full((2000, 3000), 255, np.uint8)
    page[300:700, 1500:1560] = 0
    Image.fromarray(page).save(tmp_path / "nằm.png")
    source = PageSource(number=1, width=3000, height=2000)
    arguments = (str(tmp_path / "nằm.png"), Format.PNG, source, RULES.reading, RULES.limits, 90)
    top, field = cut_page(*arguments, (None, Box(1500, 300, 1560, 700)))
    with Image.open(io.BytesIO(top)) as shown:
        assert shown.size == (960, 648), "the upper part of a page that stands"
    with Image.open(io.BytesIO(field)) as shown:
        red = [at for at in range(shown.width) if is_red(shown.getpixel((at, shown.height // 2)))]
        assert shown.width > shown.height, "the line lies flat once the page is turned"
    assert red and 380 < red[-1] - red[0] < 420


def is_red(pixel: Any) -> bool:
    return bool(pixel[0] > pixel[1] + 80)


def test_what_a_scan_says_is_never_run_as_a_formula(tmp_path: Path) -> None:
    from tests.papers import DIGESTS

    document = paper("a", number="=HYPERLINK(1)", route=Route.REVIEW)
    field = document.fields["number"].model_copy(update={"confidence": 0.1})
    document = document.model_copy(update={"fields": {**document.fields, "number": field}})
    row = documents.DocumentRow(
        document, "=a.png", BATCH, 1, DIGESTS, Verdict.VALID, None, None, None, "", None, ""
    )
    waits = Waiting(row, questions_of(document, (), {}, RULES.book), ("number",), {})
    path = write_workbook(tmp_path / "x.xlsx", BATCH, [waits], {}, RULES.book, today())
    cells = [each for line in load_workbook(path)[SHEET].iter_rows() for each in line]
    assert {each.data_type for each in cells if each.value is not None} == {"s"}
    assert any(each.value == "=HYPERLINK(1)" for each in cells)


@pytest.mark.long
def test_an_import_killed_at_any_moment_ends_as_an_undisturbed_one(
    digitised: Path, copy: Path, tmp_path: Path
) -> None:
    fill(copy, dict(RIGHT))

    def end_of(machine: Machine) -> Any:
        shown = machine.json("batch", "show", BATCH)
        # A corrected PDF/A and its sidecar say when they were corrected, so their digests differ from run to run.
        papers = [each | {"pdfa": bool(each["pdfa"])} for each in shown["documents"]]
        kept = (machine.home / "store" / "documents").rglob("*.json")
        assert machine.json("verify")["damage"] == []
        return papers, sorted(f"{path.parent.name}/{path.name.partition('-')[0]}" for path in kept)

    ends = []
    for name, kills in (("calm", 0), ("killed", 8)):
        shutil.copytree(digitised, tmp_path / name / "home")
        machine = Machine(tmp_path / name)
        for number in range(kills):
            process = machine.start("review", "import", str(copy))
            time.sleep(1.0 + 0.6 * number)
            kill_group(process)
        assert machine.run("review", "import", copy).returncode == 0
        ends.append(end_of(machine))
        assert machine.processes() == []
    assert ends[0] == ends[1]
