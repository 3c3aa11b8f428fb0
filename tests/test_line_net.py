"""The line net as the engine that reads first, through the command line; a machine without it, and files not its own."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import samples
from configs.loader import load_limits, load_thresholds
from engines import line_models, line_net, ocr
from engines.fonts import find_font
from engines.ocr import EngineWord, Letter
from engines.runner import ProgramTimedOut
from extractors import diacritics, intake, language, letters, reading
from extractors.pages import list_pages
from schemas.reading import Box, Word
from schemas.rules import DiacriticsProfile, ReadingProfile
from tests.machine import ROOT, Machine

_BATCH = "dang-ky-doanh-nghiep-2009-2025"
_PROFILE = ReadingProfile(engine="line_net")


def _page(*lines: str, size: int = 40, ground: str = "white", ink: str = "black") -> ocr.Grey:
    page = Image.new("L", (1500, 120 + 90 * len(lines)), ground)
    draw, font = ImageDraw.Draw(page), ImageFont.truetype(str(find_font("LiberationSerif-Regular.ttf")), size)
    for number, line in enumerate(lines):
        draw.text((90, 60 + 90 * number), line, font=font, fill=ink)
    return np.asarray(page)


def _text(image: ocr.Grey) -> str:
    return " ".join(word.text for word in ocr.recognise(image, _PROFILE, dpi=200, timeout=30))


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of one clean paper."""
    folder = tmp_path_factory.mktemp("scans")
    samples.make(folder, 1, 3, batches=[_BATCH], clean=True)
    return folder / _BATCH


def test_a_batch_is_read_by_the_engine_of_the_setting_and_trace_names_it(scans: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path, SOHOA_ENGINE="line_net")
    done = machine.run("digitize", scans, "--plain")
    assert done.returncode == 0, done.stderr
    shown = machine.json("batch", "show", _BATCH)
    assert shown["pages"]["accounted"] == shown["pages"]["in"] > 0
    [paper] = shown["documents"]
    assert paper["kind"] == "enterprise_registration" and paper["pdfa"]
    tools = [event["tool"] for event in machine.json("trace", paper["id"])["events"]]
    assert any(tool.startswith("line_net onnxruntime") and "tesserocr" in tool for tool in tools)


def test_where_the_wheel_is_gone_tesseract_reads_and_every_page_says_so(scans: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden" / "trueocr"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").touch()
    machine = Machine(tmp_path / "machine", SOHOA_ENGINE="line_net")
    machine.environment["PYTHONPATH"] = os.pathsep.join([str(hidden.parent), str(ROOT)])
    [file] = [path for path in scans.iterdir() if path.suffix in {".pdf", ".tif", ".jpg", ".png"}]
    read = machine.json("read", file)
    notes = [note for note in read["findings"] if note["rule"] == "engine_replaced"]
    assert len(notes) == len(read["pages"]) > 0
    assert "line_net" in notes[0]["message"] and "Tesseract" in notes[0]["message"]
    [line] = [one for one in machine.json("doctor") if one["name"] == "line net"]
    assert not line["found"] and line["remedy"]
    # Tesseract's confidences are held against Tesseract's thresholds.
    machine.json("batch", "list")
    assert machine.json("calibrate")["thresholds"]["number"] == load_thresholds(engine="tesserocr").number


def test_weights_of_the_program_that_were_changed_stop_the_work_and_name_the_file(
    scans: Path, tmp_path: Path
) -> None:
    # A copy of the rooms, in which one bit of the net of written figures is another.
    for room in (
        "cli",
        "configs",
        "engines",
        "extractors",
        "flows",
        "pipeline",
        "quality",
        "review",
        "schemas",
        "storage",
    ):
        shutil.copytree(ROOT / room, tmp_path / "copy" / room)
    shutil.copytree(ROOT / "workspace", tmp_path / "copy" / "workspace")
    file = tmp_path / "copy" / "engines" / "weights" / "written_vi.onnx"
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    machine = Machine(tmp_path / "machine")
    machine.environment["PYTHONPATH"] = str(tmp_path / "copy")
    done = machine.run("digitize", scans, "--plain")
    assert done.returncode == 5
    assert str(file) in done.stderr and "git checkout" in done.stderr


@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_a_model_file_that_is_not_the_pinned_one_stops_the_work(
    damage: str, scans: Path, tmp_path: Path
) -> None:
    models = tmp_path / "other" / "trueocr" / "models"
    shutil.copytree(line_models.FOLDER, models)
    (models.parent / "__init__.py").touch()
    file = models / "det.onnx"
    data = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(data[:-100] if damage == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    machine = Machine(tmp_path / "machine", SOHOA_ENGINE="line_net")
    machine.environment["PYTHONPATH"] = os.pathsep.join([str(models.parent.parent), str(ROOT)])
    done = machine.run("digitize", scans, "--plain")
    assert done.returncode == 5
    assert "det.onnx" in done.stderr and "make setup" in done.stderr


def test_an_engine_that_does_not_exist_is_refused_with_those_that_do(scans: Path, tmp_path: Path) -> None:
    done = Machine(tmp_path, SOHOA_ENGINE="line-net").run("digitize", scans, "--plain")
    assert done.returncode == 5
    assert "line_net" in done.stderr and "tesserocr" in done.stderr


def test_lines_are_read_with_boxes_round_their_words() -> None:
    image = _page("QUYẾT ĐỊNH", "Về việc cấp giấy phép xây dựng cho ông Trần Văn Hữu")
    words = ocr.recognise(image, _PROFILE, dpi=200, timeout=30)
    expected = "QUYẾT ĐỊNH Về việc cấp giấy phép xây dựng cho ông Trần Văn Hữu"
    assert " ".join(word.text for word in words) == expected
    for word in words:
        ink = np.argwhere(image[word.top : word.bottom, word.left : word.right] < 128)
        assert len(ink) > 40, word
    assert all(word.right <= after.left + 12 for word, after in itertools.pairwise(words[2:]))


def test_light_print_on_a_dark_band_is_read() -> None:
    page = _page("Giấy chứng nhận đăng ký", ground="black", ink="white")
    assert _text(page) == "Giấy chứng nhận đăng ký"


def test_signs_of_state_papers_are_read() -> None:
    assert _text(_page("Diện tích: 74,5 m² – tầng 2 [xem § 3]")) == "Diện tích: 74,5 m² – tầng 2 [xem § 3]"


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (400, 400)])
def test_an_image_without_a_word_gives_none(shape: tuple[int, int]) -> None:
    assert not _text(np.full(shape, 255, np.uint8))


def test_a_page_that_takes_too_long_is_an_error_of_that_page() -> None:
    with pytest.raises(ProgramTimedOut):
        ocr.recognise(_page("Điều 1.", "Điều 2."), _PROFILE, dpi=200, timeout=-1.0)


def test_a_line_reads_the_same_alone_and_beside_a_wider_one() -> None:
    image = _page("Điều 1.", "Giao cho Sở Xây dựng phối hợp với các cơ quan có liên quan")
    boxes = line_net.find_lines(image)
    together = {box: [one.text for one in read] for box, read in line_net.read_lines(image, boxes)}
    alone = {
        box: [one.text for one in read]
        for one_box in boxes
        for box, read in line_net.read_lines(image, [one_box])
    }
    assert together == alone and len(boxes) == 2


def _word(
    text: str, probability: float = 0.99, space: float = -20.0, spaces: tuple[int, ...] = ()
) -> EngineWord:
    run = tuple(
        Letter(char, probability, 20.0 * place, ((char, -0.01),), -3.0 if place in spaces else space)
        for place, char in enumerate(text)
    )
    return EngineWord(text, probability, 0, 0, 20 * len(text), 40, 0, (0, 0, 0), run)


def test_words_run_together_are_parted_only_where_something_of_a_space_was_seen() -> None:
    model = language.model()
    seen = list(letters.parted([_word("Nghịđịnhsố", spaces=(4, 8))], model))
    assert [one.text for one in seen] == ["Nghị", "định", "số"]
    assert [(one.left, one.right) for one in seen] == sorted((one.left, one.right) for one in seen)
    assert [one.text for one in letters.parted([_word("Nghịđịnhsố")], model)] == ["Nghịđịnhsố"]
    assert [one.text for one in letters.parted([_word("nghiêng", spaces=(3,))], model)] == ["nghiêng"]


def test_rings_of_an_ornament_are_no_words_and_a_sure_zero_in_a_table_is_one() -> None:
    model = language.model()
    rings, zero = _word("(o)(o)", 0.7), _word("0", 0.99)._replace(line=(0, 0, 1))
    assert letters.without_ornament([rings, zero], model) == [zero]


def test_context_chooses_among_the_letters_the_engine_saw_and_leaves_names_alone() -> None:
    def words(*texts: str) -> tuple[Word, ...]:
        return tuple(Word(text, 0.6, Box(90 * at, 0, 80, 30), 0) for at, text in enumerate(texts))

    def spelt(word: Word) -> tuple[Letter, ...]:
        others = {"ẩ": (("ẩ", -0.5), ("ấ", -0.9))}
        return tuple(Letter(char, 0.6, 0.0, others.get(char, ((char, -0.01),))) for char in word.text)

    read = words("theo", "quy", "định", "của", "pháp", "luật", "về", "cẩp", "giẩy", "phép", "xây", "dựng")
    got = diacritics.choose(read, language.model(), DiacriticsProfile(), [spelt(word) for word in read])
    assert [word.text for word in got][7:9] == ["cấp", "giấy"]
    assert [word.as_read for word in got][7:9] == ["cẩp", "giẩy"]
    name = words("ông", "Trần", "Cẩp", "Giẩy", "ở", "phường", "này")
    profile = DiacriticsProfile(name_leads=("ông",))
    kept = diacritics.choose(name, language.model(), profile, [spelt(word) for word in name])
    assert [word.text for word in kept][1:4] == ["Trần", "Cẩp", "Giẩy"]


def test_a_page_the_net_is_lost_on_is_read_by_the_second_engine(tmp_path: Path) -> None:
    """A drawing's title that hangs askew, on a page that was not levelled."""
    lines = ("PHỐI CẢNH NGÔI NHÀ SAU KHI HOÀN THÀNH", "MẶT BẰNG TẦNG MỘT VÀ CẦU THANG BỘ")
    page = np.full((1000, 1500), 255, np.uint8)
    page[300:600] = _page(*lines, size=56)
    turn = cv2.getRotationMatrix2D((750, 500), 3, 1.0)
    file = tmp_path / "askew.png"
    Image.fromarray(cv2.warpAffine(page, turn, (1500, 1000), borderValue=255.0)).save(file, dpi=(200, 200))
    kind, limits = intake.sniff(str(file)), load_limits()
    [source] = list_pages(str(file), kind, limits).pages
    profile = ReadingProfile(engine="line_net", level=False)
    alone = ocr.recognise(page, profile, dpi=200, timeout=30)
    assert not letters.is_lost(alone)
    got = reading.read_page(str(file), kind, source, profile, (), limits)
    assert {"CẢNH", "NGÔI", "HOÀN", "THÀNH", "CẦU"} <= {word.text for word in got.words}
    assert [note.rule for note in got.findings if note.rule == "page_read_again"] == ["page_read_again"]
    assert not letters.is_lost([]) and letters.is_lost([_word("khong", 0.3)])
