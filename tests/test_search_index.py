"""Tokens, terms and the index by themselves: what holds for every text, and that an index is what its papers make it."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors import language
from schemas.search_words import MOST_TERMS, number_token, owners_in, spellings, terms_of, tokens
from schemas.text import nfc, strip_accents
from storage.catalogue.database import Database
from storage.search import Filters, IndexDamaged, Indexed, Mark, SearchIndex
from storage.search.expressions import COLUMNS, expression
from storage.search.fts5 import FILE, Fts5Index, remove_file
from storage.search.postgres import PostgresIndex
from storage.search.ranking import ranks
from tests.servers import postgresql
from workspace.search_snippets import masked

EMPTY = sqlite3.connect(":memory:")
EMPTY.execute(f"CREATE VIRTUAL TABLE words USING fts5({', '.join(COLUMNS)}, content='', tokenize='ascii')")
LETTERS = 'aăâbcdđeêghoôơuưy áàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệóòỏõọốồổỗộớờởỡợ0123456789./-–" '
ANY = st.text(alphabet=st.one_of(st.sampled_from(LETTERS), st.characters(exclude_categories=[])), max_size=80)


def paper(
    name: str, text: str, *, stamp: str = "1", number: str = "", state: str = "accepted", **changes: str
) -> Indexed:
    values = {"kind": "decision", "unit": "Xã Diên An", "issued": "2021-05-04", **changes}
    return Indexed(
        id=name,
        stamp=stamp,
        sha256=f"sha-{name}",
        batch="lô 1",
        state=state,
        number=number,
        fields=f"{number}\n{values.pop('fields', '')}",
        pages=(text,),
        **values,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    if request.param == "sqlite":
        yield Fts5Index(tmp_path / FILE)
        return
    with postgresql() as url, closing(Database(url)) as database:
        yield PostgresIndex(database)


def found(index: SearchIndex, typed: str, **filters: str) -> list[str]:
    return [each.id for each in index.find(terms_of(typed), Filters(**filters), 100)]


@given(ANY)
def test_both_ways_of_cutting_give_the_same_tokens_whatever_the_form(text: str) -> None:
    slow = list(tokens(nfc(text)))
    assert spellings(text) == ([token.exact for token in slow], [token.folded for token in slow])
    assert spellings(unicodedata.normalize("NFD", text)) == spellings(text)


@given(ANY)
def test_no_token_holds_a_sign_that_an_expression_could_know(text: str) -> None:
    for token in tokens(nfc(text)):
        assert not set('"*^:(){}+- \0') & set(token.exact + token.folded)
        assert token.exact and token.folded


@given(st.text(alphabet=LETTERS, max_size=40))
def test_a_text_is_found_by_itself_with_and_without_accents(text: str) -> None:
    exact, folded = spellings(text)
    assert spellings(" ".join(folded))[1] == folded or any(token.startswith("ⁱ") for token in folded)
    assert len(exact) == len(folded)


@given(ANY)
def test_terms_are_few_and_never_fail(typed: str) -> None:
    asked = terms_of(typed)
    assert len(asked.terms) <= MOST_TERMS
    assert all(term.exact and len(term.exact) == len(term.folded) for term in asked.terms)


@given(st.lists(ANY, max_size=3), ANY)
def test_no_words_break_an_expression(texts: list[str], typed: str) -> None:
    asked = terms_of(" ".join([*texts, typed]))
    for rank in ranks(asked) if asked.terms else ():
        assert (
            EMPTY.execute(
                "SELECT rowid FROM words WHERE words MATCH ?", (expression(asked, rank),)
            ).fetchall()
            == []
        )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("176/QĐ-UBND", "0176 / qd – ubnd"),
        ("61/2018/NĐ-CP", "61/2018/nđ-cp"),
        ("123/2021", "0123/2021"),
        ("12-QĐ/TU", "012 - QD/TU"),
    ],
)
def test_spellings_of_one_number_are_one_token(left: str, right: str) -> None:
    assert number_token(left) == number_token(right)
    assert terms_of(left).terms[0].number == terms_of(right).terms[0].number == number_token(left)


@pytest.mark.parametrize(
    "written",
    [
        "056221001234",
        "056 221 001 234",
        "056.221.001.234",
        "056-221-001-234",
        "2021 056 221 001 234 x",
        "CCCD:056221001234.",
    ],
)
def test_an_owners_number_is_one_token_however_it_is_written(written: str) -> None:
    held = spellings(written)[0]
    assert "ⁱ056221001234" in held
    assert not {"56", "056", "221", "1", "234"} & set(held)
    assert list(owners_in(written))
    assert "056221001234" not in masked(written).replace(" ", "") and len(masked(written)) == len(written)


def drawn_pairs(counted: list[str], number: int) -> list[str]:
    """Pairs of syllables that lose an accent when they are typed without, no two alike without; đ and hoà among them."""
    marked = [word for word in counted if strip_accents(word) != word]
    draw = random.Random(200)
    pairs = ["hòa đức", "đường hoà", "quý thuỷ", "đỗ quỳnh"]
    seen = {strip_accents(pair) for pair in pairs}
    while len(pairs) < number:
        pair = " ".join(draw.sample(marked, 2))
        if strip_accents(pair) not in seen:
            seen.add(strip_accents(pair))
            pairs.append(pair)
    return pairs


def old_and_new(word: str) -> str:
    """The other of two ways to place a tone mark: hòa and hoà."""
    for one, other in (("òa", "oà"), ("óa", "oá"), ("ỏa", "oả"), ("õa", "oã"), ("ọa", "oạ"), ("ùy", "uỳ")):
        if word.endswith((one, other)):
            return word[:-2] + (other if word.endswith(one) else one)
    return word


def test_two_hundred_pairs_are_found_with_and_without_accents_and_the_accented_one_ranks_first(
    index: SearchIndex,
) -> None:
    pairs = drawn_pairs(language.counts().words[0][2:], 200)
    papers = []
    for at, pair in enumerate(pairs):
        # The bare twin has the words of the paper without accents, the same length and place.
        papers += [paper(f"bare {at}", strip_accents(pair)), paper(f"own {at}", pair)]
    index.change(papers, (), None)
    assert len(pairs) == 200 and any("đ" in pair for pair in pairs)
    for at, pair in enumerate(pairs):
        both = {f"own {at}", f"bare {at}"}
        other = " ".join(map(old_and_new, pair.split()))
        for typed in (pair, other, pair.upper()):
            for form in ("NFC", "NFD"):
                found_now = found(index, unicodedata.normalize(form, typed))
                assert found_now[0] == f"own {at}", (pair, typed, form, found_now)
                assert both <= set(found_now), (pair, typed, form)
        assert both <= set(found(index, strip_accents(pair))), pair


def test_both_indexes_find_the_same_papers_in_the_same_order(tmp_path: Path) -> None:
    draw = random.Random(7)
    words = [
        "đường",
        "duong",
        "đuống",
        "phố",
        "pho",
        "Nhà",
        "nhá",
        "176/QĐ-UBND",
        "12",
        "056221001234",
        "ủy",
        "ban",
        "¶",
        "%",
    ]
    texts = [" ".join(draw.choices(words, k=draw.randrange(12))) for _ in range(600)]
    papers = [
        paper(
            f"{at:03}",
            texts[at],
            fields="\n".join(texts[300 + at].split()),
            number=draw.choice(["", "176/QĐ-UBND"]),
        )
        for at in range(300)
    ]
    asked = [" ".join(draw.choices(words, k=draw.randrange(1, 4))) for _ in range(150)]
    asked += [f'"{each}" {draw.choice(words)}' for each in asked[:50]]
    with postgresql() as url, closing(Database(url)) as database:
        one, other = Fts5Index(tmp_path / FILE), PostgresIndex(database)
        for index in (one, other):
            index.change(papers[:200], (), None)
            index.change(papers[200:], [papers[3].id], None)
        for typed in asked:
            for limit in (7, 400):
                for filters in (
                    Filters(),
                    Filters(units=frozenset({"Xã Diên An"}), unit="dien an", last="2021-05-04"),
                ):
                    held = [each.find(terms_of(typed), filters, limit) for each in (one, other)]
                    assert held[0] == held[1], typed
    one.close()


def test_a_phrase_is_found_behind_the_sixteen_thousandth_word(index: SearchIndex) -> None:
    long = " ".join(f"chữ{at}" for at in range(120_000))
    index.change([paper("a", f"{long} cuối cùng")], (), None)
    assert found(index, '"chữ119999 cuối cùng"') == ["a"] and found(index, '"cùng cuối"') == []


def test_a_phrase_never_runs_over_the_edge_of_a_field_or_page(index: SearchIndex) -> None:
    index.change(
        [paper("a", "x", fields="Nguyễn Văn\nAn Giang")._replace(pages=("trang một", "hai ba"))], (), None
    )
    assert found(index, '"văn an"') == [] and found(index, '"một hai"') == []
    assert found(index, '"an giang"') == ["a"] and found(index, '"hai ba"') == ["a"]


def test_ranks_fields_before_pages_and_neighbours_before_others(index: SearchIndex) -> None:
    index.change(
        [
            paper("field", "không có gì", fields="Cấp phép xây dựng"),
            paper("near", "việc xây dựng nhà"),
            paper("apart", "xây một nhà rồi dựng"),
            paper("bare", "xay dung"),
        ],
        (),
        None,
    )
    assert found(index, "xây dựng") == ["field", "near", "apart", "bare"]
    assert found(index, "xay dung")[0] == "field" and len(found(index, "xay dung")) == 4


def test_a_new_version_takes_the_place_of_the_old_one_and_a_paper_gone_is_gone(index: SearchIndex) -> None:
    index.change([paper("a", "đường cũ"), paper("b", "đường khác")], (), Mark(1, "x"))
    assert index.change([paper("a", "đường cũ")], (), Mark(1, "x")) == 0, "nothing new"
    assert index.change([paper("a", "phố mới", stamp="2", state="review")], ["b"], Mark(2, "y")) == 1
    assert (found(index, "cũ"), found(index, "đường"), found(index, "phố")) == ([], [], ["a"])
    assert found(index, "phố", state="accepted") == []
    assert (index.mark(), dict(index.stamps()), index.counts()) == (Mark(2, "y"), {"a": "2"}, (1, 0))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(alphabet="đdu ơoưn", max_size=12)), max_size=8))
def test_after_any_changes_the_index_is_as_if_made_anew(changes: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _grown_and_fresh(Path(folder), changes)


def _grown_and_fresh(folder: Path, changes: list[tuple[str, str]]) -> None:
    grown, fresh = Fts5Index(folder / "grown.db"), Fts5Index(folder / "fresh.db")
    last: dict[str, str] = {}
    for at, (name, text) in enumerate(changes):
        grown.change([paper(name, text, stamp=str(at))], (), None)
        last[name] = text
    fresh.change([paper(name, text) for name, text in last.items()], (), None)
    for word in {word for text in last.values() for word in text.split()} | {"đ", "du"}:
        assert sorted(found(grown, word)) == sorted(found(fresh, word))
    grown.close()
    fresh.close()


def test_units_outside_a_right_are_never_found(index: SearchIndex) -> None:
    index.change([paper("a", "giấy phép"), paper("b", "giấy phép", unit="Xã Suối Hiệp")], (), None)
    assert [
        each.id for each in index.find(terms_of("giấy"), Filters(units=frozenset({"Xã Diên An"})), 9)
    ] == ["a"]
    assert index.find(terms_of("giấy"), Filters(units=frozenset()), 9) == []


def test_what_is_no_index_is_damaged_and_can_be_removed(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"x" * 9999)
    with pytest.raises(IndexDamaged):
        Fts5Index(path)
    remove_file(path)
    assert not path.exists()
