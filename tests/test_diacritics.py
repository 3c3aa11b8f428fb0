"""Diacritics by context: running text only, base letters, case and number of words kept, what was read beside it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from configs.loader import load_reading_profile, load_rulebook
from engines import ocr
from engines.ocr import EngineWord
from extractors import diacritics, language
from extractors.pages import list_pages
from extractors.reading import read_page
from extractors.syllables import base_of, can_exist, key_of, tone_place, with_tone_at
from extractors.understanding import understand
from schemas.reading import Box, Format, PageReading, Word
from schemas.rules import DiacriticsProfile, Limits
from schemas.text import strip_accents
from storage.pdfa.font import encode
from storage.pdfa.geometry import Rectangle
from storage.pdfa.text_layer import text_operators
from tests.printed_pages import official, page

_PROFILE = load_reading_profile().diacritics
_RUNNING = (
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015 ; theo đề nghị của Giám đốc Sở Tư pháp ,"
    " Ủy ban nhân dân tỉnh ban hành quyết định về việc phê duyệt hồ sơ giải quyết thủ tục hành chính"
)


def _line(text: str, doubts: Sequence[str] = (), confidence: float = 0.7, line: int = 0) -> list[Word]:
    """Words of one line; the named ones were doubted by the engine, the rest it was sure of."""
    words, left = [], 100
    for part in text.split():
        sure = confidence if part in doubts else 0.975
        words.append(
            Word(part, sure, Box(left, 100 + 60 * line, left + 22 * len(part), 140 + 60 * line), line)
        )
        left += 22 * (len(part) + 1)
    return words


def _chosen(words: Sequence[Word], profile: DiacriticsProfile = _PROFILE) -> list[str]:
    return [word.text for word in diacritics.choose(words, language.model(), profile)]


@pytest.mark.parametrize(
    ("read", "doubted", "wanted"),
    [
        ("theo quy định của Chính phú về thủ tục hành chính", "phú", "phủ"),
        ("thuộc thâm quyền giải quyết của cơ quan nhà nước", "thâm", "thẩm"),
        ("do cơ quan có thẩm quyèn cấp theo quy định", "quyèn", "quyền"),
        ("cơ quan có trách nhiệm tồ chức thực hiện", "tồ", "tổ"),
        ("cộng hòa xã hội chủ nghĩa việt nam độc lâp tự do", "lâp", "lập"),
        ("ỦY BAN NHÂN DÂN BAN HÀNH QUYẾT ĐỊNH VỀ THẨM QUYÈN", "QUYÈN", "QUYỀN"),
    ],
)
def test_a_doubted_word_takes_the_diacritics_that_its_neighbours_ask_for(
    read: str, doubted: str, wanted: str
) -> None:
    said = _chosen(_line(read, [doubted]))
    assert said == [wanted if part == doubted else part for part in read.split()]


def test_what_the_engine_was_sure_of_is_left_alone() -> None:
    words = _line("theo quy định của Chính phú về thủ tục hành chính", ["phú"], confidence=_PROFILE.sure)
    assert "phú" in _chosen(words)


def test_the_word_as_read_stays_beside_the_word_that_was_chosen() -> None:
    words = diacritics.choose(_line("thuộc thâm quyền giải quyết", ["thâm"]), language.model(), _PROFILE)
    assert (words[1].text, words[1].raw, words[1].as_read) == ("thẩm", "thâm", "thâm")
    assert all(word.raw is None for at, word in enumerate(words) if at != 1)


def test_a_changed_word_costs_more_the_surer_the_engine_was() -> None:
    """The same weak evidence moves a word that was hardly read and not one that was read well."""
    text = "theo quy định của pháp luật về tổ chức chính quyền địa phương , cơ quan lưu trũ lịch sử thực hiện"
    hard = DiacriticsProfile(least=0.5, most=60.0)
    assert "trữ" in _chosen(_line(text, ["trũ"], confidence=0.4), hard)
    assert "trũ" in _chosen(_line(text, ["trũ"], confidence=0.94), hard)


@pytest.mark.parametrize(
    ("read", "frozen"),
    [
        ("Ông Trần Văn Hoá được ủy ban cấp giấy", "Hoá"),
        ("Họ và tên: NGUYỄN VĂN HOA", "HOA"),
        ("cho bà Lê Thị Phu thường trú tại thôn", "Phu"),
        ("tại xã Hoa tỉnh cấp giấy chứng nhận", "Hoa"),
        ("ỦY BAN NHÂN DÂN XÃ PHU HÒA", "PHU"),
        ("CÔNG TY TNHH HAI ĐĂNG", "HAI"),
        ("Giới tính: Nam Dân tộc: Hoa", "Hoa"),
        ("Số: 12/QĐ-UBNĐ ngày", "12/QĐ-UBNĐ"),
        ("tại mục đ) khoản 2", "đ)"),
        ("theo mẫu số B1-TTHĐ của bộ", "B1-TTHĐ"),
    ],
)
def test_names_codes_and_values_of_forms_are_never_spelt_anew(read: str, frozen: str) -> None:
    assert frozen in _chosen(_line(read, read.split(), confidence=0.3))


def test_a_law_or_an_office_is_no_name() -> None:
    said = _chosen(_line("theo đề nghị của Giám đốc Sở Tứ pháp tại tờ trình", ["Tứ"], confidence=0.5))
    assert "Tư" in said


@pytest.mark.parametrize(
    "text",
    [
        "the quick brown fox can do so on a hen in an old pan and then go to the inn",
        "dans le cas ou les agents de la mairie ont un titre on ne peut pas le dire au chef de service",
    ],
)
def test_foreign_text_stays_as_it_was_read(text: str) -> None:
    assert _chosen(_line(text, text.split(), confidence=0.5)) == text.split()


@pytest.mark.parametrize(("read", "wanted"), [("văn hoà", "văn hoá"), ("văn hòa", "văn hóa")])
def test_the_convention_of_placing_tones_that_was_read_stays(read: str, wanted: str) -> None:
    place = read.split()[1]
    text = f"cơ sở hoạt động {read} và dịch vụ công cộng trên địa bàn theo quy định của pháp luật về thủ tục"
    assert wanted in " ".join(_chosen(_line(text, [place], confidence=0.4)))


def test_a_common_word_that_the_counts_hardly_hold_moves_only_if_both_neighbours_ask_for_it() -> None:
    assert "bạn" in _chosen(_line("ngồi cạnh một người bạn , rồi", ["bạn"], confidence=0.8))


_TOKENS = st.one_of(
    st.sampled_from(_RUNNING.split()),
    st.sampled_from(_RUNNING.split()).map(strip_accents),
    st.sampled_from(_RUNNING.split()).map(str.upper),
    st.sampled_from(
        [
            "12/QĐ-UBND",
            "2015",
            "Nguyễn",
            "Văn",
            "Hoà",
            "NHA",
            "TRANG",
            "(sau",
            "đây",
            "a)",
            "–",
            "tê,",
            "UBND",
            "the",
        ]
    ),
    st.text(alphabet="aăâđeêioôơuưyhntcgp ̣́̀̃̉.,:/0123ABĐ", min_size=1, max_size=8),
)
_PAGES = st.lists(
    st.tuples(_TOKENS.filter(lambda text: bool(text.strip())), st.floats(0, 1), st.integers(0, 3)),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(_PAGES)
@example([("Chính", 0.9, 0), ("phú", 0.5, 0), ("quy", 0.9, 0), ("định", 0.9, 0)])
def test_words_keep_their_number_place_base_letters_case_and_punctuation(
    drawn: list[tuple[str, float, int]],
) -> None:
    words = [
        Word(
            unicodedata.normalize("NFC", text),
            sure,
            Box(at * 90, line * 60, at * 90 + 80, line * 60 + 40),
            line,
        )
        for at, (text, sure, line) in enumerate(sorted(drawn, key=lambda one: one[2]))
    ]
    new = diacritics.choose(words, language.model(), _PROFILE)
    assert [word[1:5] for word in new] == [word[1:5] for word in words]
    for before, after in zip(words, new, strict=True):
        assert strip_accents(after.text) == strip_accents(before.text)
        assert [char.isupper() for char in after.text] == [char.isupper() for char in before.text]
        assert after.as_read == before.as_read
        assert unicodedata.is_normalized("NFC", after.text)
        if any(char.isdigit() for char in before.text) or before.confidence >= _PROFILE.sure:
            assert after == before
    assert diacritics.choose(new, language.model(), _PROFILE) == new


@given(st.sampled_from(_RUNNING.split()))
def test_words_of_the_language_can_exist(word: str) -> None:
    assert not word.isalpha() or can_exist(word)


@pytest.mark.parametrize("word", ["quyèn", "cáp", "phùc", "thông", "xuât", "đôc", "lập"])
def test_stops_take_two_tones_only_and_some_rhymes_their_marks(word: str) -> None:
    assert can_exist(word) == (word in {"cáp", "thông", "lập"})


@pytest.mark.parametrize(("early", "late"), [("hòa", "hoà"), ("thủy", "thuỷ"), ("khỏe", "khoẻ")])
def test_both_places_of_a_tone_are_one_syllable(early: str, late: str) -> None:
    assert key_of(early) == key_of(late)
    assert (tone_place(early), tone_place(late)) == (1, 2)
    assert (with_tone_at(early, 2), with_tone_at(late, 1)) == (late, early)


def test_the_same_counts_make_the_same_file(tmp_path: Path) -> None:
    words = ["^", "$", "chính", "phủ", "phú"]
    alone = np.array([0, 0, 9, 8, 1])
    pairs, triples = {(0, 2): 5, (2, 3): 7}, {(0, 2, 3): 4}
    digests = set()
    for name in ("one", "two"):
        path = tmp_path / f"{name}.npz"
        language.write_counts(path, words, alone, pairs, triples)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1
    kept = language.model(tmp_path / "one.npz")
    first, right, wrong = (kept.id_of(word) for word in ("chính", "phủ", "phú"))
    assert kept.probability(language.START, first, right) > 0.8
    assert kept.probability(language.START, first, wrong) < 0.1
    assert kept.known_pair(first, right) and not kept.known_pair(first, wrong)


def test_probabilities_after_any_history_add_up_to_one() -> None:
    kept = language.model()
    for said in (("của", "chính"), ("thủ", "tục"), ("^", "quyết")):
        first, second = (language.START if one == "^" else kept.id_of(one) for one in said)
        total = sum(kept.probability(first, second, third) for third in range(len(kept.words)))
        assert total == pytest.approx(1.0, abs=0.03)


def test_all_syllables_of_one_base_are_found_together() -> None:
    kept = language.model()
    alike = {kept.words[one] for one in kept.alike("Phú")}
    assert {"phủ", "phú", "phụ"} <= alike
    assert {base_of(one) for one in alike} == {"phu"}


def _misread(page: PageReading, chosen: dict[str, str]) -> PageReading:
    """A page on which context chose words other than those read."""
    words = tuple(
        word._replace(text=chosen[word.text], raw=word.text) if word.text in chosen else word
        for word in page.words
    )
    return page.model_copy(update={"words": words})


def test_the_subject_takes_what_was_chosen_and_names_numbers_and_agencies_what_was_read() -> None:
    rows = official(
        ["ỦY BAN NHÂN DÂN", "XÃ DIÊN AN"],
        "Số: 299/QĐ-UBND",
        "Diên An, ngày 12 tháng 5 năm 2023",
        ["QUYẾT ĐỊNH", "Về việc công nhân kết quả"],
        ["Điều 1. Công nhận cho ông Trần Văn Hoà, căn cước số 056085001234."],
        ["CHỦ TỊCH"],
        "Lê Thị Phu",
    )
    read = _misread(
        page(rows), {"nhân": "nhận", "Phu": "Phủ", "Hoà,": "Hoá,", "DIÊN": "ĐIỆN", "Diên": "Điện"}
    )
    fields = understand("ab" * 32, [read], load_rulebook())[0].fields
    assert fields["subject"].value == "Về việc công nhận kết quả"
    assert fields["subject"].raw == "Về việc công nhân kết quả"
    assert fields["signer"].value == "Lê Thị Phu"
    assert fields["owner_name"].value == "Trần Văn Hoà"
    assert fields["agency"].value == "Ủy ban nhân dân xã Diên An"
    assert fields["number"].value == "299/QĐ-UBND"


def test_the_text_layer_and_the_text_of_a_page_hold_what_was_chosen() -> None:
    read = _misread(page([("thuộc thâm quyền", 0.5, 0.5)]), {"thâm": "thẩm"})
    laid = text_operators(read, Rectangle(0, 0, 595, 842)).decode("ascii")
    assert encode("thẩm") in laid and encode("thâm") not in laid
    assert read.text == "thuộc thẩm quyền"


@pytest.mark.parametrize("enabled", [True, False])
def test_a_scan_is_read_with_its_context_unless_the_profile_says_no(
    enabled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.new("L", (1654, 2339), 255)
    font = ImageFont.truetype("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf", 38)
    ImageDraw.Draw(image).text((200, 300), "thuộc thẩm quyền giải quyết của cơ quan nhà nước", font=font)
    path = tmp_path / "page.png"
    image.save(path, dpi=(200, 200))
    seen = [
        EngineWord(
            text, 0.7 if text == "thâm" else 0.97, 200 + 90 * at, 300, 280 + 90 * at, 340, 0, (0, 0, 0)
        )
        for at, text in enumerate("thuộc thâm quyền giải quyết của cơ quan nhà nước".split())
    ]
    monkeypatch.setattr(ocr, "recognise", lambda *_, **__: seen)
    kept = load_reading_profile()
    profile = kept.model_copy(update={"diacritics": _PROFILE.model_copy(update={"enabled": enabled})})
    source = list_pages(str(path), Format.PNG, Limits()).pages[0]
    read = read_page(str(path), Format.PNG, source, profile, (), Limits())
    assert [word.as_read for word in read.words][1] == "thâm"
    assert read.words[1].text == ("thẩm" if enabled else "thâm")


def test_the_data_of_the_model_count_among_what_decides_a_reading(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from configs.settings import Settings
    from workspace.opening import Rules

    settings = Settings(home=tmp_path)
    before = Rules.load(settings).digests(settings, None)
    monkeypatch.setattr(language, "identity", lambda: "another")
    after = Rules.load(settings).digests(settings, None)
    assert before.reading != after.reading
    assert (before.understanding, before.rendition) == (after.understanding, after.rendition)
