"""Full search over kept papers: an index derived from catalogue and ledger, which may be deleted at any time.

`protocol` says what an index does, `fts5` is the one in a file of its own, `postgres` the one beside a catalogue in
PostgreSQL, `opening` chooses, `ranking` is the order of both, `papers` reads what is indexed.
"""

from __future__ import annotations

from storage.search.protocol import Filters, Found, IndexDamaged, Indexed, Mark, SearchIndex

__all__ = ["Filters", "Found", "IndexDamaged", "Indexed", "Mark", "SearchIndex"]
