"""The trace of a paper: complete, in order, masked in words and pictures, offline, and plain about what is gone."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

from review.by_hand import set_values
from schemas.clock import today
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.reading import Box, ImageMeasures, PageReading, PageState, Word
from schemas.traces import Trace
from schemas.wording import has
from storage.catalogue import documents
from storage.objects import keys, sha256_of
from tests.machine import Machine
from tests.printed_pages import page
from tests.reviewed_batch import BATCH, OTHER, RULES, birth, copy_of, digitise, make_home, stored
from tests.test_batch_report import CHROMIUM
from workspace.opening import Workspace
from workspace.tracing import trace_of, write_page

CONTRACT = Path(__file__).parent / "contract" / "trace.schema.json"
OWNER = "056221005678"
SCAN = birth(
    "124/2021",
    định_danh=f"Số định danh cá nhân: {OWNER}",
    năm_đăng="Ngày, tháng, năm đăng ký: ngày __ tháng 5 năm 2021",
)


@pytest.fixture(scope="module")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box with one paper that waits for its date; another with its bytes again, a second scan of it, and a bad file."""
    folder = tmp_path_factory.mktemp("trace")
    home = make_home(folder, {BATCH: {"01.png": SCAN}})
    (folder / OTHER).mkdir()
    shutil.copy(folder / BATCH / "01.png", folder / OTHER / "lại.png")
    (folder / OTHER / "hỏng.pdf").write_bytes(b"%PDF-1.4 nothing else")
    (folder / OTHER / "lo.toml").write_text('fonds = "Phông UBND xã"\nbox = "Hộp 12"\n', encoding="utf-8")
    with Image.open(folder / BATCH / "01.png") as scan:
        ImageDraw.Draw(scan).point((5, 5), 200)
        scan.save(folder / OTHER / "quét lần hai.png", dpi=(300, 300))
    with copy_of(home, folder) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        measured = page(SCAN).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
        workspace.ledger.finished(sha256_of(folder / OTHER / "quét lần hai.png"), digest, measured)
        digitise(workspace, folder / OTHER)
    return home


@pytest.fixture
def workspace(digitised: Path, tmp_path: Path) -> Iterator[Workspace]:
    with copy_of(digitised, tmp_path) as opened:
        yield opened


def asked(workspace: Workspace, wanted: str, **options: Any) -> Trace:
    """A trace, held against the contract."""
    trace, _ = trace_of(workspace, wanted, as_of=today(), **options)
    schema = json.loads(CONTRACT.read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(trace.model_dump_json()))
    return trace


def shown(workspace: Workspace, wanted: str, out: Path, **options: Any) -> str:
    """The page of a trace."""
    trace, found = trace_of(workspace, wanted, as_of=today(), **options)
    return write_page(workspace, trace, found, out).read_text(encoding="utf-8")


def words_of(html: str) -> str:
    text = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def pictures_of(html: str) -> list[Image.Image]:
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", html)
    return [Image.open(io.BytesIO(base64.b64decode(each))) for each in found]


def paper_of(workspace: Workspace) -> documents.DocumentRow:
    return stored(workspace)["01.png"]


def test_a_paper_that_nobody_corrected_says_so_and_why_it_is_not_counted(
    workspace: Workspace, tmp_path: Path
) -> None:
    wanted = paper_of(workspace).document.id
    (paper,) = asked(workspace, wanted).papers
    assert paper.decisions == () and [each.version for each in paper.versions] == [1]
    assert (paper.figures[0].counted, paper.figures[0].reason) == (False, "not_accepted")
    text = words_of(shown(workspace, wanted, tmp_path / "trang.html"))
    assert "Chưa ai sửa hay xác nhận gì." in text
    assert "chưa được chấp nhận" in text


def test_a_correction_shows_who_when_before_after_and_what_came_of_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    wanted = paper_of(workspace).document.id
    workspace.operator = "chị Lan"
    set_values(workspace, wanted, {"issue_date": "12/05/2021"}, as_of=today(), note="theo sổ")
    (paper,) = asked(workspace, wanted).papers
    (said,) = paper.decisions
    assert (said.operator, said.target, said.value) == ("chị Lan", "issue_date", "2021-05-12")
    assert [each.target for each in paper.versions[1].changes] == ["issue_date", "route"]
    assert paper.code and paper.figures[0].reason == "counted"
    kinds = [each.type.value for each in asked(workspace, wanted).events]
    assert kinds.index("ocr") < kinds.index("metadata modification") < kinds.index("code issued")
    moments = [each.at for each in asked(workspace, wanted).events]
    assert moments == sorted(moments)
    text = words_of(shown(workspace, wanted, tmp_path / "trang.html"))
    assert "chị Lan Ngày ban hành — 12/05/2021 theo sổ" in text
    assert "cần người xem → chấp nhận" in text


def test_a_code_finds_its_paper_and_a_voided_one_too(workspace: Workspace) -> None:
    wanted = paper_of(workspace).document.id
    (done,) = set_values(workspace, wanted, {"issue_date": "12/05/2021"}, as_of=today())
    code = done.after.code
    assert code
    assert asked(workspace, code).papers[0].id == wanted
    documents.void_code(workspace.database, code, reason="cấp nhầm", operator="chị Lan")
    (paper,) = asked(workspace, code).papers
    assert [(each.state, each.void_reason) for each in paper.codes] == [("void", "cấp nhầm")]
    assert (paper.code, paper.figures[0].reason) == (None, "code_voided")


def test_the_same_bytes_in_two_batches_are_one_paper_with_two_arrivals(
    workspace: Workspace, tmp_path: Path
) -> None:
    sha256 = paper_of(workspace).document.sha256
    trace = asked(workspace, sha256)
    assert (trace.found_by, len(trace.papers)) == ("original", 1)
    assert [(each.batch, each.duplicate_of) for each in trace.arrivals] == [
        (BATCH, None),
        (OTHER, f"{BATCH}/01.png"),
    ]
    assert f"trùng với {BATCH}/01.png" in words_of(shown(workspace, sha256, tmp_path / "trang.html"))


def test_a_second_scan_of_a_paper_names_the_first_and_the_first_names_it(workspace: Workspace) -> None:
    first = paper_of(workspace).document.id
    second = stored(workspace, OTHER)["quét lần hai.png"]
    set_values(workspace, first, {"issue_date": "12/05/2021"}, as_of=today())
    set_values(workspace, second.document.id, {"issue_date": "12/05/2021"}, as_of=today())
    ours, theirs = asked(workspace, first).papers[0], asked(workspace, second.document.id).papers[0]
    copies = {ours.id: ours, theirs.id: theirs}
    linked = next(each for each in copies.values() if each.linked_to)
    assert copies[linked.linked_to or ""].linked_from == (linked.id,)
    assert linked.figures[0].reason == "duplicate"


def test_the_box_the_batch_sheet_names_is_shown(workspace: Workspace, tmp_path: Path) -> None:
    wanted = stored(workspace, OTHER)["quét lần hai.png"].document.id
    assert asked(workspace, wanted).papers[0].sheet.box == "Hộp 12"  # type: ignore[union-attr]
    assert "Hộp số Hộp 12" in words_of(shown(workspace, wanted, tmp_path / "trang.html"))


def test_a_file_that_was_set_aside_has_a_trace_too(
    workspace: Workspace, digitised: Path, tmp_path: Path
) -> None:
    sha256 = sha256_of(digitised.parent / OTHER / "hỏng.pdf")
    trace = asked(workspace, sha256)
    assert trace.papers == () and trace.arrivals[0].status == "set_aside"
    assert trace.original.stored is None
    text = words_of(shown(workspace, sha256, tmp_path / "trang.html"))
    assert "Không có giấy tờ nào được lập từ tệp này" in text
    assert trace.arrivals[0].findings[0].message in text


def test_identifiers_are_hidden_in_words_and_painted_over_in_pictures(
    workspace: Workspace, tmp_path: Path
) -> None:
    row = paper_of(workspace)
    box = row.document.fields["owner_id"].box
    assert box
    hidden = shown(workspace, row.document.id, tmp_path / "che.html")
    clear = shown(workspace, row.document.id, tmp_path / "rõ.html", clear=True)
    assert OWNER not in hidden + asked(workspace, row.document.id).model_dump_json()
    assert OWNER in clear and "056*******78" in hidden
    assert "Bản này hiện đủ số định danh" in words_of(clear)
    scale = 1000 / 2480
    place = tuple(round(side * scale) for side in box)
    spread = [np.asarray(pictures_of(html)[0].convert("L").crop(place)).std() for html in (hidden, clear)]
    assert spread[0] < 3 < 20 < spread[1]


def test_numbers_beside_the_owners_are_painted_over_however_they_are_printed() -> None:
    from extractors.facsimile import identifier_boxes

    def line(number: int, *words: str) -> list[Word]:
        return [
            Word(text, 0.9, Box(100 * at, 50 * number, 100 * at + 90, 50 * number + 40), number)
            for at, text in enumerate(words)
        ]

    words = [
        *line(1, "CCCD", "số:056221005678,", "cấp"),
        *line(2, "Số", "056", "221", "005", "678", "cấp"),
        *line(3, "Mã", "O5622l005678"),
        *line(4, "ngày", "12/05/2021", "Số", "125/2021", "tiền", "1.500.000"),
        *line(5, "ký", "23.11.2023", "10:11:12", "2", "000", "000"),
    ]
    reading = PageReading(
        number=1,
        state=PageState.READ,
        width=900,
        height=300,
        words=tuple(words),
        qr=(("056221005678|x", Box(0, 0, 9, 9)),),
    )
    assert identifier_boxes(reading) == [
        Box(100, 50, 190, 90),
        Box(100, 150, 190, 190),
        Box(100, 100, 490, 140),
        Box(0, 0, 9, 9),
    ]


def test_a_page_whose_words_are_gone_is_not_shown_with_its_identifiers(
    workspace: Workspace, tmp_path: Path
) -> None:
    row = paper_of(workspace)
    workspace.ledger.forget(row.document.sha256, [1], row.digests.reading)
    html = shown(workspace, row.document.id, tmp_path / "trang.html")
    assert pictures_of(html) == [] and "Trang 1: không vẽ được ảnh" in words_of(html)


def test_a_damaged_original_is_told_and_the_rest_still_shown(workspace: Workspace, tmp_path: Path) -> None:
    row = paper_of(workspace)
    path = workspace.settings.home / "store" / keys.original(row.document.sha256)
    path.chmod(0o600)
    path.write_bytes(b"other bytes")
    trace = asked(workspace, row.document.id)
    assert trace.original.stored and trace.original.stored.fixity == "differs"
    assert trace.papers[0].rendition.stored and trace.papers[0].rendition.stored.fixity == "intact"
    text = words_of(shown(workspace, row.document.id, tmp_path / "trang.html"))
    assert "SAI LỆCH" in text and "124/2021" in text


@pytest.mark.parametrize("kind", EventType)
def test_every_kind_of_event_has_its_words(kind: EventType) -> None:
    assert has("trace_page", f"event_{kind}")


def test_nothing_is_known_of_an_unknown_name(workspace: Workspace) -> None:
    with pytest.raises(UsageError) as caught:
        trace_of(workspace, "0" * 32, as_of=today())
    assert caught.value.remedy == "trace_absent"


def test_the_command_line_writes_a_private_page_and_answers_json(digitised: Path, tmp_path: Path) -> None:
    shutil.copytree(digitised, tmp_path / "home")
    machine = Machine(tmp_path)
    with copy_of(digitised, tmp_path) as workspace:
        wanted = paper_of(workspace).document.id
    answer = machine.json("trace", wanted)
    Draft202012Validator(json.loads(CONTRACT.read_text(encoding="utf-8"))).validate(answer)
    out = tmp_path / "trang.html"
    done = machine.run("trace", wanted, out)
    assert done.returncode == 0 and str(out) in done.stdout
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    unknown = machine.run("trace", "không-có")
    assert unknown.returncode == 2
    assert "«không-có»" in unknown.stderr and "sohoa batch show" in unknown.stderr
    scan = tmp_path / "bản quét.pdf"
    scan.write_bytes(b"%PDF")
    refused = machine.run("trace", wanted, scan)
    assert refused.returncode == 2 and scan.read_bytes() == b"%PDF"
    assert machine.processes() == []


@pytest.mark.browser
def test_the_page_opens_from_disk_asks_for_nothing_and_fits_every_screen(
    workspace: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "trang.html"
    shown(workspace, paper_of(workspace).document.id, out)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for width in (1280, 390):
            tab = browser.new_page(viewport={"width": width, "height": 900})
            sent: list[str] = []
            complaints: list[str] = []
            tab.on("request", lambda request, sent=sent: sent.append(request.url))
            tab.on("console", lambda message, said=complaints: said.append(message.text))
            tab.goto(out.as_uri())
            tab.wait_for_load_state("networkidle")
            assert [url for url in sent if not url.startswith("data:")] == [out.as_uri()]
            assert complaints == []
            assert tab.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
            assert tab.evaluate(
                "[...document.images].every(each => each.complete && each.naturalWidth > 500)"
            )
        browser.close()
