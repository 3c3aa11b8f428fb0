"""The index in the catalogue's own PostgreSQL, in a schema of its own that may be dropped at any time; all homes share it.

Tokens are cut and folded by us (`schemas.search_words`), so that both indexes find the same papers in the same order. A
paper's tokens are an array under a GIN index, not a `tsvector`: that one forgets where words stand behind the 16,383rd, and
takes no more than a megabyte. Tables are unlogged: a server that crashed empties them, and the next search makes them anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final
from zlib import crc32

from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import Connection, text

from schemas.errors import CatalogueError
from schemas.search_words import Term, Terms, token_lines
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.search.protocol import Filters, Found, IndexDamaged, Indexed, Mark
from storage.search.ranking import Places, Rank, Spelling, ranks, spelt
from storage.search.texts import packed, parts, tokens_of, unpacked

SCHEMA: Final = "sohoa_search_1"  # of another version, another name
_ANY_VERSION: Final = r"sohoa\_search\_%"
_OF: Final = "search"  # what writers of the index wait for each other over
_AT_ONCE: Final = 1000
_SORT_MEMORY: Final = "256MB"
_FIRST_WINDOW: Final = 4000  # of the newest papers; each next window is four times as wide
# What a token is marked with: where it stands and how it is spelt. "Everywhere" holds the fields' tokens too.
_MARKS: Final[dict[tuple[Places, Spelling], str]] = {
    ("fields", "exact"): "E",
    ("fields", "folded"): "F",
    ("everywhere", "exact"): "e",
    ("everywhere", "folded"): "f",
}
_NEIGHBOURS: Final = (
    1 << 16
)  # marks of two tokens side by side; all pairs there are would be an index of millions of keys
_PLAIN: Final = ("id", "stamp", "sha256", "batch", "kind", "unit", "state", "issued")
_TEXTS: Final = ("fields_exact", "fields_folded", "pages_exact", "pages_folded")
_TABLES: Final = (
    f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
    f"CREATE UNLOGGED TABLE IF NOT EXISTS {SCHEMA}.mark (chain_order bigint NOT NULL, sha256 text NOT NULL)",
    # Long columns lie apart, so that a search over many papers reads little of each.
    f"""CREATE UNLOGGED TABLE IF NOT EXISTS {SCHEMA}.paper (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE, stamp text NOT NULL, sha256 text NOT NULL, batch text NOT NULL, kind text NOT NULL,
        unit text NOT NULL, unit_folded text NOT NULL, state text NOT NULL, issued text NOT NULL, wordless boolean NOT NULL,
        tokens text[] NOT NULL, fields_exact text NOT NULL, fields_folded text NOT NULL, pages_exact text NOT NULL,
        pages_folded text NOT NULL, body bytea NOT NULL) WITH (toast_tuple_target = 256)""",
    f"CREATE INDEX IF NOT EXISTS paper_original ON {SCHEMA}.paper (sha256)",
)
_BY_TOKENS: Final = f"CREATE INDEX IF NOT EXISTS paper_tokens ON {SCHEMA}.paper USING gin (tokens)"
_ENTER: Final = text(
    f"""INSERT INTO {SCHEMA}.paper (id, stamp, sha256, batch, kind, unit, unit_folded, state, issued, wordless, tokens,
        fields_exact, fields_folded, pages_exact, pages_folded, body)
    VALUES (:id, :stamp, :sha256, :batch, :kind, :unit, :unit_folded, :state, :issued, :wordless, :tokens,
        :fields_exact, :fields_folded, :pages_exact, :pages_folded, :body)"""
)


class PostgresIndex:
    """An index beside the catalogue; see `storage.search.protocol.SearchIndex`."""

    def __init__(self, database: Database) -> None:
        """Open the index, made if it is not there.

        Raises:
            CatalogueError: the database cannot be used, or its role may make no schema.
        """
        self._database = database
        if not is_made(database):
            with database.write(of=_OF) as connection:
                _make(connection)

    def mark(self) -> Mark | None:
        """How much of the catalogue it knows."""
        with self._reading() as connection:
            row = connection.execute(text(f"SELECT chain_order, sha256 FROM {SCHEMA}.mark")).first()
        return Mark(*row) if row else None

    def stamps(self) -> Mapping[str, str]:
        """The stamp of every paper."""
        with self._reading() as connection:
            rows = connection.execute(text(f"SELECT id, stamp FROM {SCHEMA}.paper"))
            return {row.id: row.stamp for row in rows}

    def change(self, papers: Iterable[Indexed], gone: Iterable[str], mark: Mark | None) -> int:
        """Enter and remove papers, a thousand in a transaction; an index made anew is sorted once, at its end."""
        entered, empty = 0, self.counts()[0] == 0
        if empty:
            with self._writing() as connection:
                connection.execute(text(f"DROP INDEX IF EXISTS {SCHEMA}.paper_tokens"))
        for ids in in_chunks(gone, _AT_ONCE):
            with self._writing() as connection:
                _remove(connection, ids)
        for chunk in in_chunks(papers, _AT_ONCE):
            rows = {paper.id: _row(paper) for paper in chunk}
            with self._writing() as connection:
                held = _held(connection, list(rows))
                # Another machine may have entered the same meanwhile; words may have come back to a paper that had none.
                new = [
                    paper.id for paper in chunk if held.get(paper.id) != (paper.stamp, paper.pages is None)
                ]
                _remove(connection, [each for each in new if each in held])
                if new:
                    connection.execute(_ENTER, [rows[each] for each in new])
            entered += len(new)
        with self._writing() as connection:
            connection.execute(text(f"SET LOCAL maintenance_work_mem = '{_SORT_MEMORY}'"))
            connection.execute(text(_BY_TOKENS))
            if empty:
                connection.execute(text(f"ANALYZE {SCHEMA}.paper"))
            connection.execute(text(f"DELETE FROM {SCHEMA}.mark"))
            if mark is not None:
                connection.execute(
                    text(f"INSERT INTO {SCHEMA}.mark VALUES (:order, :sha256)"), mark._asdict()
                )
        return entered

    def forget(self, sha256: str) -> bool:
        """Remove an original's papers; PostgreSQL then frees its pages (its WAL and backups keep them longer)."""
        with self._writing() as connection:
            removed = connection.execute(
                text(f"DELETE FROM {SCHEMA}.paper WHERE sha256 = :sha256"), {"sha256": sha256}
            ).rowcount
        if removed:
            self._database.vacuum(f"{SCHEMA}.paper")
        return bool(removed)

    def find(self, terms: Terms, filters: Filters, limit: int) -> list[Found]:
        """Papers that hold every term, rank by rank."""
        found: dict[int, None] = {}
        with self._reading() as connection:
            if not terms.terms:
                found = dict.fromkeys(_newest(connection, [], {}, filters, limit))
            for rank in ranks(terms) if terms.terms else ():
                conditions, values = _holding(terms, rank)
                places = _newest(connection, conditions, values, filters, limit + len(found))
                found |= dict.fromkeys(place for place in places if place not in found)
                if len(found) >= limit:
                    break
            wanted = list(found)[:limit]
            rows = connection.execute(
                text(f"SELECT place, id, body FROM {SCHEMA}.paper WHERE place = ANY(:places)"),
                {"places": wanted},
            )
            held = {row.place: Found(row.id, tuple(unpacked(row.body)[1])) for row in rows}
        return [held[place] for place in wanted]

    def counts(self) -> tuple[int, int]:
        """Papers, and those without words."""
        with self._reading() as connection:
            counted = text(f"SELECT count(*), count(*) FILTER (WHERE wordless) FROM {SCHEMA}.paper")
            held, wordless = connection.execute(counted).one()
        return int(held), int(wordless)

    def close(self) -> None:
        """Nothing is held: connections are the catalogue's."""

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _damage(), self._database.read() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _damage(), self._database.write(of=_OF) as connection:
            yield connection


def is_made(database: Database) -> bool:
    """True if the database has an index of this version."""
    with database.read() as connection:
        asked = text("SELECT to_regclass(:mark) IS NOT NULL")
        return bool(connection.execute(asked, {"mark": f"{SCHEMA}.mark"}).scalar_one())


def drop(database: Database) -> None:
    """Remove the index."""
    with database.write(of=_OF) as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))


def _make(connection: Connection) -> None:
    """An empty index; one of another version goes."""
    asked = text("SELECT nspname FROM pg_namespace WHERE nspname LIKE :name AND nspname <> :own")
    for (name,) in connection.execute(asked, {"name": _ANY_VERSION, "own": SCHEMA}).all():
        connection.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
    for statement in (*_TABLES, _BY_TOKENS):
        connection.execute(text(statement))


@contextmanager
def _damage() -> Iterator[None]:
    """Somebody dropped or changed a table: the index is to be made anew."""
    try:
        yield
    except CatalogueError as error:
        cause = getattr(error.__cause__, "orig", None)
        if isinstance(cause, UndefinedTable | UndefinedColumn):
            raise IndexDamaged(str(cause)) from error
        raise
    except zlib.error as error:
        raise IndexDamaged(str(error)) from error


def _held(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
    asked = text(f"SELECT id, stamp, wordless FROM {SCHEMA}.paper WHERE id = ANY(:ids)")
    return {row.id: (row.stamp, row.wordless) for row in connection.execute(asked, {"ids": list(ids)})}


def _remove(connection: Connection, ids: Sequence[str]) -> None:
    if ids:
        connection.execute(text(f"DELETE FROM {SCHEMA}.paper WHERE id = ANY(:ids)"), {"ids": list(ids)})


def _row(paper: Indexed) -> dict[str, Any]:
    fields, *pages = parts(paper.fields, paper.pages or ())
    # One blank between tokens, so that those side by side are found as one text.
    lines = [line.split() for line in tokens_of(paper.number, fields, pages)]
    fields_exact, fields_folded, pages_exact, pages_folded = lines
    spelt_so: dict[Spelling, tuple[list[str], list[str]]] = {
        "exact": (fields_exact, pages_exact),
        "folded": (fields_folded, pages_folded),
    }
    tokens = _neighbours(fields_folded) | _neighbours(pages_folded)
    for spelling, (own, page) in spelt_so.items():
        in_fields = set(own)
        tokens |= {_MARKS["fields", spelling] + token for token in in_fields}
        tokens |= {_MARKS["everywhere", spelling] + token for token in in_fields.union(page)}
    return {
        **{name: getattr(paper, name) for name in _PLAIN},
        "unit_folded": token_lines(paper.unit)[1],
        "wordless": paper.pages is None,
        "tokens": sorted(tokens),
        **{name: f" {' '.join(line)} " for name, line in zip(_TEXTS, lines, strict=True)},
        "body": packed(fields, pages),
    }


def _neighbours(tokens: Sequence[str]) -> set[str]:
    """A mark for each two folded tokens side by side. Different ones may share a mark: the text decides between them."""
    return {f"+{crc32(f'{one} {other}'.encode()) % _NEIGHBOURS:x}" for one, other in pairwise(tokens)}


def _holding(terms: Terms, rank: Rank) -> tuple[list[str], dict[str, Any]]:
    """Conditions on the papers of a rank, and their values: tokens that must be there, and those side by side."""
    mark = _MARKS[rank.places, rank.spelling]
    needed: list[str] = []
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if rank.together:
        return _side_by_side(terms.terms, rank, "all")
    for at, term in enumerate(terms.terms):
        if term.number is not None and rank.own_number:
            needed.append(mark + term.number)
            continue
        said, own = _side_by_side([term], rank, f"t{at}")
        values |= own
        if term.number is None:
            conditions += said
        else:
            conditions.append(f"(tokens @> ARRAY[:n{at}] OR ({' AND '.join(said)}))")
            values[f"n{at}"] = mark + term.number
    if needed:
        conditions.append("tokens @> :needed")
        values["needed"] = needed
    return conditions, values


def _side_by_side(terms: Sequence[Term], rank: Rank, name: str) -> tuple[list[str], dict[str, Any]]:
    mark = _MARKS[rank.places, rank.spelling]
    tokens = [token for term in terms for token in spelt(term, rank.spelling)]
    needed = {mark + token for token in tokens}
    conditions, values = [f"tokens @> :{name}"], dict[str, Any]()
    if len(tokens) > 1:
        needed |= _neighbours([token for term in terms for token in term.folded])
        texts = [f"fields_{rank.spelling}"]
        texts += [f"pages_{rank.spelling}"] if rank.places == "everywhere" else []
        conditions.append("(" + " OR ".join(f"strpos({each}, :{name}_said) > 0" for each in texts) + ")")
        values[f"{name}_said"] = f" {' '.join(tokens)} "
    return conditions, values | {name: sorted(needed)}


def _newest(
    connection: Connection, conditions: Sequence[str], values: Mapping[str, Any], filters: Filters, limit: int
) -> list[int]:
    """Places of papers that fit, newest first. Ever wider windows: a common word is found among the newest ones."""
    wanted, given = _filtered(filters)
    where = " AND ".join((*conditions, *wanted, "place <= :last", "place > :first"))
    query = text(f"SELECT place FROM {SCHEMA}.paper WHERE {where} ORDER BY place DESC LIMIT :limit")
    last = connection.execute(text(f"SELECT coalesce(max(place), 0) FROM {SCHEMA}.paper")).scalar_one()
    found: list[int] = []
    window = _FIRST_WINDOW
    while last > 0 and len(found) < limit:
        bounds = {"first": last - window, "last": last, "limit": limit - len(found)}
        found += connection.execute(query, {**values, **given, **bounds}).scalars()
        last, window = last - window, window * 4
    return found


def _filtered(filters: Filters) -> tuple[list[str], dict[str, Any]]:
    conditions, values = [], {}
    for name, sign, value in (
        ("kind", "kind = :kind", filters.kind),
        ("state", "state = :state", filters.state),
        ("batch", "batch = :batch", filters.batch),
        ("unit", "strpos(' ' || unit_folded || ' ', ' ' || :unit || ' ') > 0", filters.unit),
        ("since", "issued >= :since", filters.first),
        ("until", "issued <> '' AND issued <= :until", filters.last),
        ("units", "unit = ANY(:units)", None if filters.units is None else sorted(filters.units)),
        ("batches", "batch = ANY(:batches)", None if filters.batches is None else sorted(filters.batches)),
    ):
        if value is not None:
            conditions.append(sign)
            values[name] = value
    return conditions, values
