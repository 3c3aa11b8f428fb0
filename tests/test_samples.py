"""Synthetic papers: deterministic, well formed, true to their day and to what they say about themselves."""

from __future__ import annotations

import functools
import io
import json
import random
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image, ImageOps

import samples
from engines import fonts as font_files
from samples import fonts, identifiers, making, people, units, words
from samples.__main__ import main
from samples.batches import plans
from samples.contact_sheet import contact_sheet
from samples.containers import CONTAINERS
from samples.papers import Paper, Wish, print_paper, variants_of
from samples.wear import apply
from samples.wear.scan import Scan
from schemas.errors import SetupError
from schemas.wording import text

LOW = 72
BASES = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
ALPHABET = "".join(
    unicodedata.normalize("NFC", base + tone)
    for base in BASES
    for tone in ("", *"\u0300\u0309\u0303\u0301\u0323")
)
ALPHABET += "bcdđghklmnpqrstvxBCDĐGHKLMNPQRSTVX0123456789.,;:/-()“”²%+*"
EVERY_VARIANT = [(kind, variant) for kind in samples.KINDS for variant in variants_of(kind)]


def decoded(sample: samples.Sample) -> Iterator[Image.Image]:
    """Pages of a sample as a viewer shows them."""
    if sample.suffix == ".pdf":
        with pypdfium2.PdfDocument(sample.data) as document:
            for page in document:
                yield page.render(scale=sample.truth["dpi"] / 72).to_pil().convert("RGB")
        return
    with Image.open(io.BytesIO(sample.data)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            yield ImageOps.exif_transpose(image).convert("RGB") if not number else image.convert("RGB")


def test_the_nine_kinds_have_templates() -> None:
    assert set(samples.KINDS) == {
        "birth_certificate",
        "civil_status_extract",
        "construction_permit",
        "decision",
        "dispatch",
        "enterprise_registration",
        "household_business_registration",
        "land_use_certificate",
        "marriage_certificate",
    }


@pytest.mark.parametrize("container", sorted(CONTAINERS))
def test_the_same_seed_gives_the_same_bytes(container: str) -> None:
    first, second = (
        samples.make_one(
            "decision", 5, container=container, dpi=LOW, wear=("seal", "signature", "noise", "skew")
        )
        for _ in range(2)
    )
    assert first.data == second.data
    assert first.truth == second.truth


def test_another_seed_gives_another_paper() -> None:
    assert samples.make_one("dispatch", 1, dpi=LOW).data != samples.make_one("dispatch", 2, dpi=LOW).data


def test_batches_of_the_same_seed_have_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        samples.make(tmp_path / name, 8, 3, dpi=50)
    first, second = (
        {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert first == second


def test_unkind_batches_are_written_by_hand_sealed_over_and_mostly_black_and_white(tmp_path: Path) -> None:
    samples.make(tmp_path, 40, 3, unkind=True, dpi=50)
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "truth").rglob("*.json")]
    worn = [set(page["wear"]) for truth in found for page in truth["pages"]]
    assert sum("handwriting" in wear for wear in worn) > 10 < sum("seal_over_name" in wear for wear in worn)
    containers = [truth["container"] for truth in found]
    assert sum("g4" in name for name in containers) > len(containers) / 4
    assert any(len(truth["documents"]) > 1 for truth in found)


@pytest.mark.parametrize("family", sorted(fonts.FAMILIES))
def test_every_printing_font_has_the_whole_vietnamese_alphabet(family: str) -> None:
    faces = fonts.FAMILIES[family]
    for name in (faces.regular, faces.bold, faces.italic, faces.bold_italic):
        cmap = TTFont(fonts.font_path(name)).getBestCmap()
        assert [char for char in ALPHABET if ord(char) not in cmap] == [], name


@pytest.mark.parametrize("pen", sorted(fonts.PENS))
def test_every_hand_has_the_letters_that_marks_are_drawn_on(pen: str) -> None:
    cmap = TTFont(fonts.font_path(fonts.PENS[pen])).getBestCmap()
    plain = {unicodedata.normalize("NFD", char)[0] for char in ALPHABET if char.isalnum()} - set("đĐ²")
    assert [char for char in sorted(plain | set("/-.,()")) if ord(char) not in cmap] == []


def test_a_missing_font_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(font_files, "_installed", dict)
    with pytest.raises(SetupError) as caught:
        fonts.font_path("Tinos-Regular.ttf")
    message = text(f"error.{caught.value.remedy}", "vi", **caught.value.params)
    assert "apt-get install" in message and "fonts-croscore" in message


def test_a_font_is_known_by_its_content_whatever_else_bears_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "LiberationSerif-Regular.ttf"
    right = fonts.font_path(name)
    poorer = tmp_path / name
    options = subset.Options(notdef_outline=True)
    with TTFont(right) as font:
        cut = subset.Subsetter(options)
        cut.populate(text="".join(set(font_files.vietnamese_letters()) - set("ẾỆỦỊỘệựơ")))
        cut.subset(font)
        font.save(poorer)
    assert set(font_files.missing_letters(poorer)) == set("ẾỆỦỊỘệựơ")
    monkeypatch.setattr(font_files, "_installed", lambda: {name: (poorer, right)})
    assert fonts.font_path(name) == right
    monkeypatch.setattr(font_files, "_installed", lambda: {name: (poorer,)})
    with pytest.raises(SetupError, match="lacks Vietnamese letters"):
        fonts.font_path(name)


@functools.cache
def printed(kind: str, variant: str) -> Paper:
    """One paper of a variant, printed once for several tests."""
    return print_paper(kind, random.Random(f"11{variant}"), Wish(variant=variant), dpi=LOW)


@pytest.mark.parametrize(("kind", "variant"), EVERY_VARIANT)
def test_truth_lines_lie_inside_their_page_and_hold_the_fields(kind: str, variant: str) -> None:
    paper = printed(kind, variant)
    pages = making.scan_paper(paper, (), "none")
    document = making.document_truth(paper, range(1, len(pages) + 1))
    sample = making.write_file("tiff_g4", pages, [document], "x")
    said = ""
    for page in sample.truth["pages"]:
        assert page["text"] == "\n".join(line["text"] for line in page["lines"])
        for line in page["lines"]:
            left, top, right, bottom = line["box"]
            assert 0 <= left < right <= page["width"], line
            assert 0 <= top < bottom <= page["height"], line
        said += " " + page["text"]
    flat = " ".join(said.split()).casefold()
    fields = document["fields"]
    for name in ("number", "signer", "owner_name", "subject", "owner_id"):
        if name in fields:
            assert fields[name].casefold() in flat, (name, fields[name])
    assert unicodedata.is_normalized("NFC", json.dumps(sample.truth, ensure_ascii=False))


@pytest.mark.parametrize(("kind", "variant"), EVERY_VARIANT)
def test_fields_follow_the_conventions(kind: str, variant: str) -> None:
    for paper in (
        printed(kind, variant),
        print_paper(kind, random.Random(variant), Wish(variant=variant), dpi=40),
    ):
        fields = paper.fields
        day = date.fromisoformat(fields["issue_date"])
        assert {"number", "agency", "document_type", "signer", "signer_title"} <= set(fields)
        assert all(value and value == value.strip() for value in fields.values())
        if "/" in fields["number"] and "notation" in fields:
            assert fields["number"].endswith(f"/{fields['notation']}")
        if re.fullmatch(r"\d+/\d{4}", fields["number"]):
            assert "notation" not in fields
        assert fields["agency"] != fields["agency"].upper()
        assert paper.level in {"tinh", "huyen", "xa"}
        assert not (paper.level == "huyen" and day > date(2025, 6, 30))
        if paper.level != "tinh":
            assert units.stands(paper.unit, day), (paper.unit, day)
        owner = fields.get("owner_id", "")
        assert owner == "" or re.fullmatch(r"\d{9}|\d{10}|\d{12}", owner)
        assert not (len(owner) == 9 and day >= date(2021, 7, 1))
        assert not (len(owner) == 12 and day < date(2016, 1, 1))


def test_departments_have_the_name_of_their_day() -> None:
    for seed in range(12):
        paper = print_paper("enterprise_registration", random.Random(seed), dpi=40)
        before = paper.fields["issue_date"] < "2025-03-01"
        assert paper.unit == ("Sở Kế hoạch và Đầu tư" if before else "Sở Tài chính")


def test_personal_numbers_carry_province_century_sex_and_year() -> None:
    rng = random.Random(1)
    for year in (1931, 1975, 1999, 2000, 2024):
        for female in (False, True):
            number = identifiers.personal_number(rng, date(year, 5, 6), female)
            assert re.fullmatch(r"0\d{11}", number)
            assert int(number[3]) == (0 if year < 2000 else 2) + female
            assert number[4:6] == f"{year % 100:02d}"


def test_tax_codes_have_a_right_check_digit() -> None:
    rng = random.Random(2)
    for _ in range(200):
        code = identifiers.tax_code(rng)
        total = sum(
            int(digit) * weight
            for digit, weight in zip(code, (31, 29, 23, 19, 17, 13, 7, 5, 3), strict=False)
        )
        assert 10 - total % 11 == int(code[9])
        assert code[:2] in {"42", "45"}


def test_a_person_fits_their_identity_paper() -> None:
    rng = random.Random(3)
    for _ in range(100):
        day = date(rng.randint(1999, 2026), 3, 4)
        someone = people.person(rng, day)
        assert someone.birth < someone.id_date <= day
        if len(someone.id_number) == 12:
            assert someone.id_number[4:6] == f"{someone.birth.year % 100:02d}"
        else:
            assert day < date(2021, 7, 1)


def test_no_address_names_a_district_after_june_2025() -> None:
    rng = random.Random(4)
    after = [people.address(rng, date(2025, 7, 1)) for _ in range(60)]
    assert not any(re.search(r"huyện|thị xã|thành phố", address) for address in after)
    before = [people.address(rng, date(2025, 6, 30)) for _ in range(60)]
    assert all(re.search(r"huyện|thị xã|thành phố", address) for address in before)


def test_units_follow_the_three_snapshots() -> None:
    assert len(units.communes(date(2021, 6, 16))) == 139
    assert len(units.communes(date(2025, 3, 1))) == 132
    assert len(units.communes(date(2025, 7, 1))) == 65
    assert units.districts(date(2025, 7, 1)) == ()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (5, "năm"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (44, "bốn mươi tư"),
        (105, "một trăm lẻ năm"),
        (2015, "hai nghìn không trăm mười lăm"),
        (1_900_000_000, "một tỷ chín trăm triệu"),
    ],
)
def test_numbers_are_spelled_as_clerks_spell_them(number: int, said: str) -> None:
    assert words.number_in_words(number) == said


@functools.cache
def scanned(kind: str) -> tuple[list[making.PageMade], making.Truth]:
    """Pages of one paper of a kind, printed once for all containers."""
    paper = print_paper(kind, random.Random(f"4{kind}"), dpi=60)
    pages = making.scan_paper(paper, ("signature", "seal"), kind)
    return pages, making.document_truth(paper, range(1, len(pages) + 1))


@pytest.mark.parametrize("container", sorted(CONTAINERS))
@pytest.mark.parametrize("kind", samples.KINDS)
def test_every_kind_opens_in_every_container(kind: str, container: str) -> None:
    pages, document = scanned(kind)
    pages = pages if CONTAINERS[container].many else pages[:1]
    sample = making.write_file(container, pages, [document], "x")
    shown = list(decoded(sample))
    assert [image.size for image in shown] == [
        (page["width"], page["height"]) for page in sample.truth["pages"]
    ]
    for image, page in zip(shown, sample.truth["pages"], strict=True):
        grey = np.asarray(image.convert("L"))
        assert grey.mean() > 150, f"{container} page {page['number']} is dark: inverted?"
        left, top, right, bottom = page["lines"][0]["box"]
        assert grey[top:bottom, left:right].min() < 110, "nothing printed where the truth says"


@pytest.mark.parametrize(
    ("container", "turn"),
    [("jpeg", 90), ("jpeg", 270), ("pdf_jpeg", 180), ("pdf_jbig2", 90), ("pdf_g4", 270)],
)
def test_a_page_stored_turned_is_shown_upright(container: str, turn: int) -> None:
    straight, stored = (
        samples.make_one("dispatch", 6, container=container, dpi=60, stored_turn=angle) for angle in (0, turn)
    )
    assert straight.data != stored.data
    first, second = (
        np.asarray(next(decoded(sample)).convert("L").resize((62, 88), Image.Resampling.BOX), dtype=float)
        for sample in (straight, stored)
    )
    assert np.abs(first - second).mean() < 4
    assert np.abs(first - np.flipud(second)).mean() > 8


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_fed_wrongly_keeps_its_boxes_on_its_words(turn: int) -> None:
    sample = samples.make_one("dispatch", 6, container="png", dpi=100, turned=turn)
    (page,) = sample.truth["pages"]
    assert page["rotation"] == turn
    grey = np.asarray(next(decoded(sample)).convert("L"))
    assert grey.shape == (page["height"], page["width"])
    for line in page["lines"]:
        left, top, right, bottom = line["box"]
        assert grey[top:bottom, left:right].min() < 120, line


@pytest.mark.parametrize("name", samples.WEARS)
def test_each_wear_changes_pixels_and_nothing_of_the_text(name: str) -> None:
    paper = print_paper(
        "decision", random.Random("wear"), Wish(variant="land-use"), dpi=100, pen=name == "handwriting"
    )
    plain, worn = Scan.of(paper.sheets[0]), Scan.of(paper.sheets[0])
    apply(worn, [name], "seed")
    assert worn.wear == [name]
    assert worn.pixels.shape == plain.pixels.shape
    assert worn.pixels.dtype == np.uint8
    assert (worn.pixels != plain.pixels).any()
    assert [line.text for line in worn.lines] == [line.text for line in plain.lines]
    assert worn.pixels.mean() > 120


def test_wears_do_not_depend_on_each_other() -> None:
    paper = print_paper("decision", random.Random("wear"), dpi=72)
    alone, with_tint = Scan.of(paper.sheets[0]), Scan.of(paper.sheets[0])
    apply(alone, ["seal"], "s")
    apply(with_tint, ["seal", "paper_tint"], "s")
    inked = (alone.pixels != np.asarray(paper.sheets[0].image)).any(axis=2)
    redder = with_tint.pixels[..., 0].astype(int) - with_tint.pixels[..., 1]
    assert redder[inked].mean() > redder[~inked].mean() + 20


def test_an_unknown_wear_is_named() -> None:
    with pytest.raises(KeyError, match="coffee"):
        samples.make_one("dispatch", 1, wear=("coffee",), dpi=LOW)


def test_handwritten_fields_are_listed_as_such() -> None:
    wish = Wish(variant="form-1999-by-hand")
    hand = samples.make_one("birth_certificate", 2, wish=wish, wear=("handwriting",), dpi=LOW)
    typed = samples.make_one("birth_certificate", 2, wish=wish, wear=("seal",), dpi=LOW)
    assert {"number", "issue_date", "owner_name", "birth_date", "father_name"} <= set(
        hand.truth["documents"][0]["handwritten"]
    )
    assert typed.truth["documents"][0]["handwritten"] == []
    assert hand.truth["documents"][0]["fields"] == typed.truth["documents"][0]["fields"]


def test_a_caption_is_real_text_over_an_image() -> None:
    sample = samples.make_one("decision", 3, caption=True, dpi=LOW)
    with pypdfium2.PdfDocument(sample.data) as document:
        text = document[0].get_textpage().get_text_bounded()
    agency = sample.truth["documents"][0]["fields"]["agency"]
    assert f"Người ký: {agency}" in text
    assert sample.truth["pages"][0]["lines"][0]["text"] in " ".join(text.split())


def test_pdfs_bear_no_date_and_no_text_of_their_own() -> None:
    sample = samples.make_one("decision", 3, dpi=LOW)
    with pikepdf.open(io.BytesIO(sample.data)) as pdf:
        assert set(pdf.docinfo.keys()) == {"/Producer"}
        assert "/Font" not in pdf.pages[0].Resources


def test_a_blank_back_is_a_page_of_no_document() -> None:
    sample = samples.make_one("dispatch", 3, blank_back=True, dpi=LOW)
    assert [page["blank"] for page in sample.truth["pages"]] == [False, True]
    assert sample.truth["documents"][0]["pages"] == [1]
    assert sample.truth["sheets"] == 1


def test_a_batch_states_what_it_holds(tmp_path: Path) -> None:
    files = samples.make(tmp_path, 24, 9, dpi=50)
    sheets: dict[str, int] = {}
    papers = 0
    seen: set[str] = set()
    for path in files:
        name = str(path.relative_to(tmp_path))
        truth = json.loads((tmp_path / "truth" / f"{name}.json").read_text(encoding="utf-8"))
        assert truth["file"] == name
        sheets[path.relative_to(tmp_path).parts[0]] = (
            sheets.get(path.relative_to(tmp_path).parts[0], 0) + truth["sheets"]
        )
        numbers = [number for document in truth["documents"] for number in document["pages"]]
        assert numbers == [
            page["number"] for page in truth["pages"] if not (page["blank"] or page["separator"])
        ]
        papers += sum(document.get("part", 1) == 1 for document in truth["documents"])
        seen |= {document["kind"] for document in truth["documents"]}
    assert papers == 24
    assert len(seen) >= 6
    by_name = {plan.name: plan for plan in plans()}
    for name, count in sheets.items():
        sheet = tomllib.loads((tmp_path / name / "lo.toml").read_text(encoding="utf-8"))
        assert sheet["expected_sheets"] == count
        assert sheet["level"] == by_name[name].sheet["level"]


def test_papers_of_a_batch_belong_to_its_unit_and_years(tmp_path: Path) -> None:
    samples.make(tmp_path, 10, 4, batches=["ho-tich-xa-dien-an"], dpi=50)
    for path in (tmp_path / "truth").rglob("*.json"):
        for document in json.loads(path.read_text(encoding="utf-8"))["documents"]:
            assert document["unit"] == "Xã Diên An"
            assert "2000" <= document["fields"]["issue_date"][:4] <= "2025"


def test_papers_of_many_pages_exist() -> None:
    paper = print_paper("decision", random.Random("long"), Wish(variant="list-of-beneficiaries"), dpi=50)
    assert len(paper.sheets) >= 2
    assert (
        len(print_paper("land_use_certificate", random.Random(1), Wish(variant="four-pages"), dpi=50).sheets)
        == 4
    )


def test_the_command_says_what_it_made_and_what_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(tmp_path), "--papers", "2", "--clean", "--dpi", "40", "--quiet", "--container", "png"]
    assert main([*arguments, "--batches", "dang-ky-doanh-nghiep-2009-2025"]) == 0
    assert "2 papers" in capsys.readouterr().out
    assert main([*arguments, "--batches", "no-such-batch"]) == 2
    assert "ho-tich-xa-dien-an" in capsys.readouterr().err


def test_a_contact_sheet_shows_every_page(tmp_path: Path) -> None:
    sample = samples.make_one("land_use_certificate", 1, wish=Wish(variant="four-pages"), dpi=40)
    (tmp_path / "a.pdf").write_bytes(sample.data)
    (tmp_path / "b.jpg").write_bytes(samples.make_one("dispatch", 1, container="jpeg", dpi=40).data)
    assert contact_sheet(tmp_path, tmp_path / "out" / "sheet.png", width=60) == 5
    assert (tmp_path / "out" / "sheet.png").stat().st_size > 1000
