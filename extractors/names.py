"""Normalise names: agencies from header lines, persons and companies from capitals.

Case is ours to set; letters are not, but for the names of a closed list (agencies, ranks, provinces), where a line that
equals exactly one entry but for diacritics takes that entry's spelling. What was read stays in raw.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import Levenshtein

from extractors.anchors import plain
from schemas.rules import Rulebook
from schemas.text import fold, fold_tone_place, squeeze, strip_accents

_BARE = re.compile(r"[^\w]+")
_PERSON = re.compile(r"^[^\W\d_][^\W\d_'’-]*(?: [^\W\d_][^\W\d_'’.-]*){1,6}$")
_COMPANY_WORDS: Final = {
    "cong", "ty", "trach", "nhiem", "huu", "han", "co", "phan", "doanh", "nghiep", "tu", "nhan", "mot", "hai", "thanh",
    "vien", "tro", "len", "hop", "danh", "tac", "xa", "chi", "nhanh", "van", "phong", "dai", "dien", "ho", "kinh",
}  # fmt: skip
_COMPANY_SHORT: Final = {"tnhh", "mtv", "cp", "htx", "dntn", "tm", "dv", "xnk"}
_COMPANY_LEADS: Final = (
    "công ty",
    "doanh nghiệp",
    "hợp tác xã",
    "chi nhánh",
    "văn phòng đại diện",
    "hộ kinh doanh",
    "htx",
    "dntn",
)
# Words inside an agency's name after which the next noun is capitalised: `Tài nguyên và Môi trường`.
_JOINTS: Final = {"và", "-", "–", ","}


class PlaceName(NamedTuple):
    """A place inside an agency's name: rank in lower case ("" if none is printed), name, index of its first word."""

    rank: str
    name: str
    start: int


def title_case(text: str) -> str:
    """Title case, as personal and place names are written."""
    return re.sub(r"[^\W\d_]+", lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


def person_name(text: str) -> str | None:
    """A personal name out of a form's line, or None if it is none; capitals become title case."""
    name = squeeze(re.sub(r"[\s.:;,_*|…]+$", "", re.sub(r"^[\s.:;,_*|…-]+", "", text)))
    if not _PERSON.match(name):
        return None
    letters = [char for char in name if char.isalpha()]
    capitals = sum(char.isupper() for char in letters)
    return title_case(name) if capitals >= 0.7 * len(letters) else name


def is_organisation(text: str) -> bool:
    """True if a name begins as companies' names do."""
    folded = fold(text)
    return any(folded.startswith(fold(lead) + " ") for lead in _COMPANY_LEADS)


def organisation_name(text: str) -> str | None:
    """A company's name: capitals become `Công ty TNHH Hải Đăng`; a name already in small letters stays."""
    name = squeeze(re.sub(r"^[\s.:;,_*-]+|[\s.:;,_*]+$", "", text))
    letters = [char for char in name if char.isalpha()]
    if len(letters) < 3:
        return None
    if sum(char.isupper() for char in letters) < 0.7 * len(letters):
        return name
    words = name.split(" ")
    done: list[str] = []
    common = True
    for index, word in enumerate(words):
        bare = fold(word)
        common = common and (bare in _COMPANY_WORDS or bare in _COMPANY_SHORT)
        if bare in _COMPANY_SHORT:
            done.append(word.upper())
        elif common:
            done.append(word.capitalize() if index == 0 else word.lower())
        else:
            done.append(title_case(word))
    return " ".join(done)


@functools.lru_cache(maxsize=4)
def _agency_index(rulebook_version: str, rulebook: _Keyed) -> dict[str, str | None]:
    del rulebook_version
    index: dict[str, str | None] = {}
    for agency in rulebook.rules.agencies:
        for name in (agency.name, *(alias for alias in agency.aliases if " " in alias)):
            key = plain(name)
            index[key] = agency.name if index.get(key, agency.name) == agency.name else None
    return index


class _Keyed:
    """A rulebook that caches by identity (the model itself holds dicts and does not hash)."""

    def __init__(self, rules: Rulebook) -> None:
        self.rules = rules

    def __hash__(self) -> int:
        return hash(self.rules.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.rules.version == other.rules.version


def known_agency(name: str, rules: Rulebook) -> str | None:
    """The closed list's spelling of an agency that equals exactly one entry but for diacritics, or None."""
    return _agency_index(rules.version, _Keyed(rules)).get(plain(name))


# A rank read together with the name after it: no Vietnamese syllable goes on after these.
_JOINED_RANK = re.compile(r"\b(TỈNH|HUYỆN|QUẬN|PHƯỜNG|XÃ|Tỉnh|Huyện|Quận|Phường)([A-ZĐÀ-Ỹ]\w+)")


def spell_out(line: str, rules: Rulebook) -> str:
    """Printed short forms in full: `UBND TP. Nha Trang` → `Ủy ban nhân dân thành phố Nha Trang`."""
    short = rules.agency_lines.short
    words = []
    apart = _JOINED_RANK.sub(r"\1 \2", re.sub(r"(?<=\w)\.(?=\w)", ". ", squeeze(line)))
    for word in apart.split(" "):
        full = short.get(word.upper()) or short.get(strip_accents(word.upper()))
        words.append(full if full and (word.isupper() or word.endswith(".")) else word)
    return " ".join(words)


def head_of(line: str, rules: Rulebook) -> str | None:
    """The word or words that begin an agency's name at the start of a line, longest first, or None."""
    words = plain(line).split()
    heads = sorted(rules.agency_lines.heads, key=len, reverse=True)
    return next((head for head in heads if _begins_with(line, words, head)), None)


def _begins_with(line: str, folded: Sequence[str], head: str) -> bool:
    """True if a line begins with a head; accents may be misread, but not all of them (`Vân Phong` is no `Văn phòng`)."""
    head_words = plain(head).split()
    if list(folded[: len(head_words)]) != head_words:
        return False
    opening = [word for word in (_BARE.sub("", word) for word in squeeze(line).split(" ")) if word][
        : len(head_words)
    ]
    apart = Levenshtein.distance(fold_tone_place(" ".join(opening)), fold_tone_place(head))
    return apart <= (1 if len(head) < 12 else 2)


def agencies_in(lines: Sequence[str], rules: Rulebook) -> list[str]:
    """Header lines joined into agencies, from the highest to the one that issues; short forms spelt out."""
    done: list[str] = []
    for line in lines:
        # What hangs at a line's end is the rule drawn under it, or a speck.
        text = _without_stamps(spell_out(line.rstrip(" _-–—.,;:'\"`|"), rules), rules)
        if not text:
            continue
        begins = head_of(text, rules) is not None
        whole = bool(done) and plain(done[-1]) not in {plain(word) for word in rules.agency_lines.incomplete}
        if begins and (whole or not done):
            done.append(text)
        elif done and _is_place_line(text, rules) and place_in(done[-1], rules):
            # The committee's own line between two places was lost: `UBND HUYỆN …` stands above `XÃ …`.
            done.append(f"Ủy ban nhân dân {text}")
        elif done:
            done[-1] = f"{done[-1]} {text}"
        elif _rank_at(plain(text).split(), 0, rules):
            # `THÀNH PHỐ HỒ CHÍ MINH` above `SỞ Y TẾ`: the place alone stands for its committee.
            done.append(text)
    return done


def _without_stamps(line: str, rules: Rulebook) -> str:
    """A header line without the stamp that was read at its end, or empty if it is nothing else."""
    words = line.split(" ")
    folded = [_BARE.sub("", plain(word)) for word in words]
    for stamp in sorted(rules.agency_lines.stamps, key=len, reverse=True):
        stamp_words = plain(stamp).split()
        if folded[-len(stamp_words) :] == stamp_words:
            return " ".join(words[: -len(stamp_words)])
    return line


def _is_place_line(text: str, rules: Rulebook) -> bool:
    return _rank_at(plain(text).split(), 0, rules) in {"xã", "phường", "thị trấn"}


def _rank_at(words: Sequence[str], at: int, rules: Rulebook) -> str | None:
    for rank in sorted(rules.agency_lines.ranks, key=len, reverse=True):
        size = len(rank.split())
        if list(words[at : at + size]) == plain(rank).split() and len(words) > at + size:
            return rank
    return None


def place_in(agency: str, rules: Rulebook) -> PlaceName | None:
    """The place that an agency's name ends in, by its rank, or by the name of a province; None if it names none."""
    words = squeeze(agency).split(" ")
    folded = [plain(word) for word in words]
    for index in range(len(words)):
        # `xã hội` and `thành phố` inside other words: a rank counts only where a capitalised or upper-case name follows.
        rank = _rank_at(folded, index, rules)
        if rank and not _is_no_rank(rank, words[index], folded[index + 1]):
            size = len(rank.split())
            return PlaceName(rank, title_case(" ".join(words[index + size :])), index)
    for province in rules.provinces:
        bare = bare_name(province.name)
        size = len(bare.split())
        if plain(" ".join(words[-size:])) == plain(bare) and len(words) > size:
            return PlaceName("", bare, len(words) - size)
    return None


def _is_no_rank(rank: str, word: str, following: str) -> bool:
    """`xã hội` is no commune, and `quản lý` no urban district."""
    if rank == "xã":
        return following in {"hoi", "vien"}
    if following == "uy" and rank in {"tỉnh", "huyện", "thị xã", "quận"}:
        return True
    return rank == "quận" and squeeze(word).lower() != "quận"


def bare_name(unit: str) -> str:
    """A unit's name without its rank: `Xã Diên An` → `Diên An`."""
    for rank in ("Thành phố", "Thị xã", "Thị trấn", "Đặc khu", "Phường", "Huyện", "Quận", "Xã", "Tỉnh"):
        if unit.startswith(rank + " "):
            return unit[len(rank) + 1 :]
    return unit


def sentence_case(agency: str, rules: Rulebook) -> str:
    """An agency's name as it stands in a sentence; the place keeps its capitals."""
    place = place_in(agency, rules)
    words = squeeze(agency).split(" ")
    own = words[: place.start] if place else words
    tail = ""
    if place:
        rank = place.rank if place.start else place.rank.capitalize()
        tail = f"{rank} {place_spelling(place, rules)}".strip()
    return squeeze(f"{_own_name(' '.join(own), rules)} {tail}")


def place_spelling(place: PlaceName, rules: Rulebook) -> str:
    """A place's name as the lists spell it, if exactly one entry of that rank differs by diacritics alone."""
    same = {
        bare_name(unit.name)
        for unit in (*rules.units, *rules.provinces)
        if plain(bare_name(unit.name)) == plain(place.name)
        and (not place.rank or unit.name.lower().startswith(place.rank + " "))
    }
    return next(iter(same)) if len(same) == 1 else place.name


def _own_name(name: str, rules: Rulebook) -> str:
    known = known_agency(name, rules)
    if known:
        return known
    if is_organisation(name):
        return organisation_name(name) or name
    head = head_of(name, rules)
    words = [word for word in squeeze(name).split(" ") if word]
    if head is None:
        return name.capitalize() if name.isupper() else name
    size = len(plain(head).split())
    rest = words[size:]
    if not any(word.isupper() and len(word) > 1 for word in rest):
        return squeeze(" ".join([head, *rest]))
    done = [head]
    fresh = True
    for word in rest:
        done.append(_cased(word, fresh))
        # After a comma a department's next field begins (`Văn hóa, Thể thao`); elsewhere it is a list in a sentence.
        fresh = word.lower() in _JOINTS or (word.endswith(",") and plain(head) in {"so", "bo", "phong"})
    return _with_places(" ".join(done), rules)


def _cased(word: str, fresh: bool) -> str:
    """A word of an agency's name; abbreviations and what holds digits stay as printed."""
    if not word.isupper() or "&" in word or any(char.isdigit() for char in word):
        return word
    if not any(char in "aeiouy" for char in plain(word)):
        return word
    return word.capitalize() if fresh else word.lower()


@functools.lru_cache(maxsize=4)
def _places(version: str, keyed: _Keyed) -> dict[str, str]:
    """Names of two or more words of units and provinces, by their small letters."""
    del version
    rows = (*keyed.rules.units, *keyed.rules.provinces)
    names = {bare_name(row.name) for row in rows} | {"Việt Nam"}
    return {name.lower(): name for name in names if " " in name}


def _with_places(name: str, rules: Rulebook) -> str:
    """Places inside an agency's own name take their capitals (`Chi cục Thuế khu vực Nha Trang - Diên Khánh`)."""
    places = _places(rules.version, _Keyed(rules))
    words = name.split(" ")
    index = 1
    while index < len(words):
        for size in (3, 2):
            known = places.get(" ".join(words[index : index + size]).lower())
            if known:
                words[index : index + size] = known.split(" ")
                index += size - 1
                break
        index += 1
    return " ".join(words)


def issuing_agency(agencies: Sequence[str], rules: Rulebook) -> str | None:
    """The lower agency of a header, in sentence case, with its parent's place where its own line names none."""
    if not agencies:
        return None
    name = sentence_case(agencies[-1], rules)
    own = place_in(agencies[-1], rules)
    if len(agencies) > 1 and plain(name) in {plain(word) for word in rules.agency_lines.incomplete}:
        return f"{name} {sentence_case(agencies[-2], rules)}"
    if own or len(agencies) < 2 or _is_central(name, rules):
        return name
    for above in reversed(agencies[:-1]):
        place = place_in(above, rules)
        if place:
            return f"{name} {_spoken_place(place, rules)}"
    return name


def _is_central(name: str, rules: Rulebook) -> bool:
    return any(agency.name == name and agency.level is None and agency.code for agency in rules.agencies)


def _spoken_place(place: PlaceName, rules: Rulebook) -> str:
    """How an agency names its parent's place: a province bare (`Sở Y tế Kiên Giang`), lower units with their rank."""
    spelt = place_spelling(place, rules)
    province = any(plain(bare_name(unit.name)) == plain(spelt) for unit in rules.provinces)
    if plain(spelt) == "ho chi minh":
        return "Thành phố Hồ Chí Minh"
    if place.rank == "tỉnh" or not place.rank or (place.rank == "thành phố" and province):
        return spelt
    return f"{place.rank} {spelt}"
