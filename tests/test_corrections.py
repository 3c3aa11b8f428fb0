"""A person's correction reaches the PDF/A: the word in its box is another, the picture is the same, the old file stays."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from engines import verapdf
from engines.verapdf import VeraPdf
from review.by_hand import set_values as by_hand
from schemas.clock import today
from schemas.documents import Verdict
from schemas.errors import SourceError
from schemas.reading import ImageMeasures, PageReading
from schemas.renditions import RenditionIdentity
from storage.catalogue import decisions
from storage.catalogue.documents import of_batch
from storage.ledger import digest_of_page
from storage.objects import sha256_of
from storage.pdfa import check_structure, replace_text
from storage.sidecars import load
from tests.command_forks import Forks, quick_machine
from tests.laid_out import DECISION
from tests.machine import Machine
from tests.printed_pages import left, page, turned
from tests.reviewed_batch import BATCH, RULES, birth, copy_of, digitise, drawn, everything, fill, settings_of
from tests.reviewed_batch import RIGHT as ANSWERS
from workspace.opening import open_workspace

SIGNED, LONG = "hộp-ký-số", "hộp-nhiều-trang"


def documents(machine: Machine, batch: str = BATCH) -> dict[str, dict[str, Any]]:
    """Documents of a batch by file, as the command line answers."""
    return {each["file"]: each for each in machine.json("batch", "show", batch)["documents"]}


def stored(machine: Machine, key: str) -> Path:
    """The file that an object of the local store is."""
    return machine.home / "store" / key


def pdfa_of(machine: Machine, file: str, batch: str = BATCH) -> Path:
    """The stored PDF/A of a file's only paper."""
    return stored(machine, documents(machine, batch)[file]["pdfa"])


def text_of(path: Path) -> str:
    """The text layer as Poppler extracts it."""
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True)
    return done.stdout


def words_in(path: Path, box: tuple[float, float, float, float]) -> str:
    """Words that Poppler finds within a box: left, top, width, height in points from the top left corner."""
    left, top, width, height = (str(round(side)) for side in box)
    place = ["-x", left, "-y", top, "-W", width, "-H", height]
    done = subprocess.run(["pdftotext", *place, path, "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


def images_of(path: Path) -> list[bytes]:
    """Raw image streams and the geometry of each page."""
    with pikepdf.open(path) as pdf:
        return [
            page.obj.Resources.XObject.Im0.read_raw_bytes() + str(page.mediabox).encode()
            for page in pdf.pages
        ]


def set_values(machine: Machine, file: str, *values: str, batch: str = BATCH) -> None:
    """Say values of a file's paper."""
    name = documents(machine, batch)[file]["id"]
    done = machine.run("review", "set", name, *values, "--operator", "chị Lan")
    assert done.returncode == 0, done.stderr


def findings(machine: Machine, file: str) -> dict[str, str]:
    """Messages of a paper's findings by rule, as the trace tells them."""
    paper = traced(machine, documents(machine)[file]["id"])
    return {each["rule"]: each["message"] for each in paper["findings"]}


def traced(machine: Machine, name: str) -> dict[str, Any]:
    """The paper as its trace tells it."""
    (paper,) = machine.json("trace", name)["papers"]
    answer: dict[str, Any] = paper
    return answer


def test_the_corrected_word_stands_in_its_box_and_the_wrong_one_is_gone(quick_review: Machine) -> None:
    before = pdfa_of(quick_review, "04.png")
    set_values(quick_review, "04.png", "number=128/2021", "owner_name=Nguyễn Gia Hưng")
    after = pdfa_of(quick_review, "04.png")
    assert after != before and before.exists(), "the version before keeps its file"
    assert "Số: 125/2021" in text_of(before) and "NGUYỄN GIA HUY" in text_of(before)
    text = text_of(after)
    assert "Số: 128/2021" in text and "Họ, chữ đệm, tên: Nguyễn Gia Hưng" in text
    assert "125/2021" not in text and "HUY" not in text
    # The field's box is [1196, 561, 1372, 607] pixels at 300 dpi.
    place = tuple(side * 72 / 300 for side in (1190, 550, 190, 64))
    assert words_in(before, place) == "125/2021"  # type: ignore[arg-type]
    assert words_in(after, place) == "128/2021"  # type: ignore[arg-type]


def test_page_images_are_the_same_bytes_and_the_structure_passes(quick_review: Machine) -> None:
    before = pdfa_of(quick_review, "04.png")
    set_values(quick_review, "04.png", "number=128/2021")
    after = pdfa_of(quick_review, "04.png")
    assert images_of(after) == images_of(before)
    assert check_structure(after, pages=1, flavour="2b") == ()


@pytest.mark.verapdf
def test_a_corrected_pdfa_is_valid_for_verapdf(quick_review: Machine) -> None:
    if verapdf.find() is None:
        pytest.skip("veraPDF is not installed")
    set_values(quick_review, "04.png", "number=128/2021", "kind=Trích lục hộ tịch")
    path = pdfa_of(quick_review, "04.png")
    with VeraPdf(processes=1) as judge:
        assert judge.check([path], "2b")[str(path)].verdict is Verdict.VALID


def test_a_date_keeps_its_printed_form(quick_review: Machine) -> None:
    set_values(quick_review, "04.png", "issue_date=13/5/2021", "birth_date=06/05/2021")
    text = text_of(pdfa_of(quick_review, "04.png"))
    assert "ngày 13 tháng 5 năm 2021" in text and "ngày 12" not in text
    assert "06/05/2021" in text and "04/05/2021" not in text


def test_what_was_left_blank_before_the_month_is_filled_in(quick_review: Machine) -> None:
    set_values(quick_review, "01.png", "issue_date=12/05/2021")
    assert "ngày 12 tháng 5 năm 2021" in text_of(pdfa_of(quick_review, "01.png"))


def test_a_value_that_is_printed_in_two_lines_is_laid_over_both(quick_review: Machine) -> None:
    set_values(quick_review, "02.png", "agency=Ủy ban nhân dân xã Diên Thọ")
    text = text_of(pdfa_of(quick_review, "02.png"))
    assert "xã Diên Thọ" in text and "XÃ DIÊN AN" not in text
    assert "UBND HUYỆN DIÊN KHÁNH" in text, "the agency above it stays"


def test_title_and_history_of_the_metadata_follow_the_correction(quick_review: Machine) -> None:
    set_values(quick_review, "03.png", "kind=Giấy khai sinh", "number=129/2021")
    with pikepdf.open(pdfa_of(quick_review, "03.png")) as pdf, pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == "Giấy khai sinh" == str(pdf.docinfo["/Title"])
        packet = bytes(pdf.Root.Metadata.read_bytes()).decode()
    assert "người xem đã sửa lớp chữ: Số" in packet
    assert "chị Lan" not in packet, "who decided is in the sidecar, not in the file"


def test_the_sidecar_tells_what_was_corrected_by_whom_and_the_trace_shows_it(quick_review: Machine) -> None:
    set_values(quick_review, "04.png", "number=128/2021")
    row = documents(quick_review)["04.png"]
    paper = traced(quick_review, row["id"])
    assert paper["rendition"]["stored"]["key"] == row["pdfa"]
    assert [(each["target"], each["operator"]) for each in paper["rendition"]["corrected"]] == [
        ("number", "chị Lan")
    ]
    files = [version["pdfa"] for version in paper["versions"]]
    assert len(set(files)) == 2 and files[-1] in row["pdfa"]
    sidecar = load(stored(quick_review, paper["versions"][-1]["sidecar"]).read_bytes())
    assert sidecar.rendition and [made.target for made in sidecar.rendition.corrected] == ["number"]
    out = quick_review.folder / "trace.html"
    assert quick_review.run("trace", row["id"], out).returncode == 0
    assert "Lớp chữ mang giá trị người xem đã sửa" in out.read_text(encoding="utf-8")


def test_the_same_workbook_twice_writes_one_version_and_one_file(quick_review: Machine) -> None:
    book = quick_review.folder / "ra.xlsx"
    assert quick_review.run("review", "export", BATCH, book).returncode == 0
    fill(book, {("04.png", "Số định danh chủ giấy tờ"): ANSWERS["04.png", "Số định danh chủ giấy tờ"]})
    assert quick_review.run("review", "import", book).returncode == 0
    once = documents(quick_review)
    assert "056221001234" in text_of(stored(quick_review, once["04.png"]["pdfa"]))
    files = set((quick_review.home / "store" / "pdfa").rglob("*.pdf"))
    assert quick_review.run("review", "import", book).returncode == 0
    assert documents(quick_review) == once
    assert set((quick_review.home / "store" / "pdfa").rglob("*.pdf")) == files


def test_what_the_machine_read_already_writes_no_new_file(quick_review: Machine) -> None:
    before = pdfa_of(quick_review, "04.png")
    set_values(quick_review, "04.png", "number=125/2021")
    assert pdfa_of(quick_review, "04.png") == before


def test_a_second_correction_starts_from_what_the_machine_read_and_one_taken_back_restores_it(
    quick_review: Machine,
) -> None:
    machine_read = text_of(pdfa_of(quick_review, "04.png"))
    set_values(quick_review, "04.png", "number=128/2021")
    set_values(quick_review, "04.png", "number=129/2021")
    text = text_of(pdfa_of(quick_review, "04.png"))
    assert "Số: 129/2021" in text and "128/2021" not in text
    set_values(quick_review, "04.png", "number=125/2021")
    assert text_of(pdfa_of(quick_review, "04.png")) == machine_read


def test_a_value_without_a_place_leaves_the_file_and_says_so(quick_review: Machine) -> None:
    before = pdfa_of(quick_review, "01.png")
    set_values(quick_review, "01.png", "agency=Ủy ban nhân dân xã Diên An")
    assert pdfa_of(quick_review, "01.png") == before
    assert "không có chỗ trên lớp chữ" in findings(quick_review, "01.png")["correction_unplaced"]


def test_verify_is_green_and_a_rebuild_restores_the_corrected_version(quick_review: Machine) -> None:
    set_values(quick_review, "04.png", "number=128/2021")
    before = documents(quick_review)
    assert quick_review.run("verify").returncode == 0
    for catalogue in quick_review.home.glob("catalogue.db*"):
        catalogue.unlink()
    assert quick_review.run("rebuild").returncode == 0
    assert documents(quick_review) == before
    assert "Số: 128/2021" in text_of(pdfa_of(quick_review, "04.png"))
    assert traced(quick_review, before["04.png"]["id"])["fields"]["number"]["value"] == "128/2021"
    assert quick_review.run("verify").returncode == 0


def test_a_lost_pdfa_keeps_the_decision_and_says_what_to_do(quick_review: Machine) -> None:
    pdfa_of(quick_review, "04.png").unlink()
    set_values(quick_review, "04.png", "number=128/2021")
    paper = traced(quick_review, documents(quick_review)["04.png"]["id"])
    assert paper["fields"]["number"]["value"] == "128/2021"
    assert "correction_unwritten" in {each["rule"] for each in paper["findings"]}


def scan_of(path: Path, *pages: PageReading, signed: bool = False) -> Path:
    """A scanned PDF; a signed one has the dictionary of a signature in it."""
    first, *rest = [drawn(reading) for reading in pages]
    first.save(path, "PDF", resolution=300, save_all=True, append_images=rest)
    if signed:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            signature = pikepdf.Dictionary(
                Type=pikepdf.Name.Sig,
                Filter=pikepdf.Name("/Adobe.PPKLite"),
                SubFilter=pikepdf.Name("/adbe.pkcs7.detached"),
                ByteRange=pikepdf.Array([0, 100, 200, 300]),
                Contents=pikepdf.String("00"),
            )
            field = pikepdf.Dictionary(
                FT=pikepdf.Name.Sig, T=pikepdf.String("Ký"), V=pdf.make_indirect(signature)
            )
            pdf.Root.AcroForm = pikepdf.Dictionary(
                SigFlags=3, Fields=pikepdf.Array([pdf.make_indirect(field)])
            )
            pdf.save(path)
    return path


def kept_batch(home: Path, folder: Path, scan: Path, *pages: PageReading) -> None:
    """Digitise a folder with one scan whose words are known."""
    with open_workspace(settings_of(home), RULES) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for reading in pages:
            measured = reading.model_copy(update={"measures": ImageMeasures(dpi=300.0)})
            workspace.ledger.finished(sha256_of(scan), digest, measured)
        digitise(workspace, folder)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a signed file of one page and an unsigned one of three pages, the second lying on its side."""
    folder = tmp_path_factory.mktemp("scanned")
    home = folder / "home"
    for name in (SIGNED, LONG):
        (folder / name).mkdir()
    one = page(birth("130/2021"))
    kept_batch(home, folder / SIGNED, scan_of(folder / SIGNED / "ký.pdf", one, signed=True), one)
    body = page(
        [left(f"Điều {at}. Nội dung thứ {at} của quyết định này", 0.1 + at / 30) for at in range(1, 9)]
    )
    pages = [
        page(DECISION[:-3]),
        turned(body.model_copy(update={"number": 2}), 90),
        page([("GIÁM ĐỐC", 0.72, 0.5), ("Trần Thị Hoa", 0.72, 0.62)], number=3),
    ]
    kept_batch(home, folder / LONG, scan_of(folder / LONG / "dài.pdf", *pages), *pages)
    return home


@pytest.fixture
def scans(forks: Forks, scanned: Path, tmp_path: Path) -> Machine:
    """The command line over a copy of that home."""
    return quick_machine(forks, scanned, tmp_path)


def contents_of(path: Path) -> list[bytes]:
    """Content streams of the pages, as they lie in the file."""
    with pikepdf.open(path) as pdf:
        return [page.obj.Contents.read_raw_bytes() for page in pdf.pages]


def identity_of() -> RenditionIdentity:
    """What a file's metadata say, where it does not matter."""
    return RenditionIdentity(
        document_id="d" * 32, original_sha256="a" * 64, title="Văn bản", created=datetime.now(UTC)
    )


def test_only_the_page_of_the_field_is_written_anew(scans: Machine) -> None:
    before = pdfa_of(scans, "dài.pdf", LONG)
    set_values(scans, "dài.pdf", "signer=Trần Thị Hòa", batch=LONG)
    after = pdfa_of(scans, "dài.pdf", LONG)
    assert [one == other for one, other in zip(contents_of(before), contents_of(after), strict=True)] == [
        True,
        True,
        False,
    ]
    assert images_of(before) == images_of(after) and len(images_of(after)) == 3
    assert "Trần Thị Hòa" in text_of(after) and "Nội dung thứ 3" in text_of(after)


def test_a_signed_file_is_never_rewritten_and_the_trace_says_where_the_correction_is(scans: Machine) -> None:
    before = documents(scans, SIGNED)["ký.pdf"]
    content = stored(scans, before["pdfa"]).read_bytes()
    original = stored(scans, before["original"]).read_bytes()
    set_values(scans, "ký.pdf", "number=131/2021", batch=SIGNED)
    after = documents(scans, SIGNED)["ký.pdf"]
    assert after["pdfa"] == before["pdfa"] and stored(scans, after["pdfa"]).read_bytes() == content
    assert stored(scans, after["original"]).read_bytes() == original
    paper = traced(scans, after["id"])
    assert paper["fields"]["number"]["value"] == "131/2021" and paper["rendition"]["corrected"] == []
    (message,) = [each["message"] for each in paper["findings"] if each["rule"] == "correction_signed"]
    assert "chữ ký số, không ghi lại" in message and "tra cứu" in message
    out = scans.folder / "trace.html"
    assert scans.run("trace", after["id"], out).returncode == 0
    assert message in out.read_text(encoding="utf-8")


def test_a_file_of_which_a_page_is_turned_keeps_the_correction_in_its_new_file(scans: Machine) -> None:
    set_values(scans, "dài.pdf", "signer=Trần Thị Hòa", batch=LONG)
    row = documents(scans, LONG)["dài.pdf"]
    with open_workspace(settings_of(scans.home), RULES) as workspace:
        # What the turned page says is known, so that no engine need read it.
        (stored_row,) = of_batch(workspace.database, LONG)
        body = page([left("Điều 1. Nội dung", 0.2)], number=2)
        digest = digest_of_page(stored_row.digests.reading, ":90")
        workspace.ledger.finished(row["sha256"], digest, body.model_copy(update={"number": 2}))
    done = scans.run("pages", "turn", row["id"], "--page", "2", "--by", "90", "--reason", "nằm ngang")
    assert done.returncode == 0, done.stderr
    after = documents(scans, LONG)["dài.pdf"]
    assert after["pdfa"] != row["pdfa"]
    assert "Trần Thị Hòa" in text_of(stored(scans, after["pdfa"]))
    assert [each["target"] for each in traced(scans, row["id"])["rendition"]["corrected"]] == ["signer"]
    # The words of a page that was turned lie within its turn.
    out, identity = scans.folder / "x.pdf", identity_of()
    replace_text(stored(scans, after["pdfa"]), [(1, body)], out, identity, RULES.rendition)
    assert text_of(out) == text_of(stored(scans, after["pdfa"])) and check_structure(out, pages=3) == ()
    assert contents_of(out) == contents_of(stored(scans, after["pdfa"]))


def test_a_correction_on_a_turned_page_lies_in_its_turned_place(scans: Machine) -> None:
    before = pdfa_of(scans, "dài.pdf", LONG)
    with pikepdf.open(before) as pdf:
        wide, high = float(pdf.pages[1].mediabox[2]), float(pdf.pages[1].mediabox[3])
    reading = turned(page([left("Số: 12/QĐ", 0.2)]), 90)
    out = scans.folder / "turned.pdf"
    identity = identity_of()
    replace_text(before, [(1, reading)], out, identity, RULES.rendition)
    assert "Số: 12/QĐ" in text_of(out) and check_structure(out, pages=3) == ()
    with pikepdf.open(out) as pdf:
        assert (float(pdf.pages[1].mediabox[2]), float(pdf.pages[1].mediabox[3])) == (wide, high)


def test_a_damaged_file_is_refused_and_nothing_is_left_behind(scans: Machine, tmp_path: Path) -> None:
    path = pdfa_of(scans, "dài.pdf", LONG)
    broken = tmp_path / "hỏng.pdf"
    broken.write_bytes(path.read_bytes()[:-2000])
    folder = tmp_path / "out"
    folder.mkdir()
    identity = identity_of()
    with pytest.raises(SourceError):
        replace_text(broken, [], folder / "x.pdf", identity, RULES.rendition)
    assert list(folder.iterdir()) == []


def test_a_correction_that_dies_before_its_row_leaves_only_an_object_and_is_repeated_whole(
    digitised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        before = everything(workspace)
        paper = {row.file: row for row in of_batch(workspace.database, BATCH)}["04.png"]
        honest, files = decisions.commit_next, set(tmp_path.rglob("*.pdf"))

        def dying(*_: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(decisions, "commit_next", dying)
        with pytest.raises(KeyboardInterrupt):
            by_hand(workspace, paper.document.id, {"number": "128/2021"}, as_of=today())
        assert everything(workspace) == before
        assert len(set(tmp_path.rglob("*.pdf")) - files) == 1, "one object that nothing refers to"
        monkeypatch.setattr(decisions, "commit_next", honest)
        (done,) = by_hand(workspace, paper.document.id, {"number": "128/2021"}, as_of=today())
        after = {row.file: row for row in of_batch(workspace.database, BATCH)}["04.png"]
        assert done.after.document.value("number") == "128/2021" and after.version == paper.version + 1
        assert after.pdfa_key and after.pdfa_key != paper.pdfa_key
        assert not list(workspace.staging.glob("*/after.pdf"))


def test_a_paper_that_becomes_a_marriage_certificate_takes_the_spouse_in_the_same_answer(
    quick_review: Machine,
) -> None:
    set_values(quick_review, "03.png", "kind=marriage_certificate", "spouse_name=Trần Văn An")
    shown = quick_review.json("review", "show", documents(quick_review)["03.png"]["id"])
    assert shown["fields"]["spouse_name"]["value"] == "Trần Văn An"
    other = documents(quick_review)["04.png"]["id"]
    assert quick_review.run("review", "set", other, "spouse_name=Trần Văn An").returncode == 2
