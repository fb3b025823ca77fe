"""How each collection's index follows SQLite: opened where it is whole, caught up where it lags, else rebuilt.

Knows the change numbers and the opstamps recorded for them; not what a document is. One thread at a time.
"""

import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from askbox_api.stores.embedded import freed_memory
from askbox_api.stores.embedded.index import FINGERPRINT, IndexFailed, PassageIndex, remove
from askbox_api.stores.embedded.rows import SELECT_ADDED, as_indexed
from askbox_api.stores.embedded.sqlite import transaction
from askbox_api.stores.embedded.tantivy_files import IndexDamaged

_SELECT_REMOVED = "SELECT key FROM passages WHERE collection = ? AND removed IS NOT NULL"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class OpenCollection:
    """A collection and its index; `index` is None while it could not be built, for example on a full disk.

    `unrecorded` says that an attempt to apply changes did not reach its end, so that the index may hold them.
    """

    key: int
    name: str
    index: PassageIndex | None = None
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    change: int
    applied: int
    opstamp: int | None
    fingerprint: str | None


class DerivedIndexes:
    """The open collections by name. Other threads may read `by_name` and search the indexes meanwhile."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db = db
        self._folder = folder
        self._written: OpenCollection | None = None
        self.by_name: dict[str, OpenCollection] = {}

    def open_all(self) -> None:
        """Open every collection; one whose index can be neither used nor built now stays without."""
        for key, name in self._db.execute("SELECT key, name FROM collections").fetchall():
            collection = self.by_name[name] = OpenCollection(key, name)
            try:
                self.catch_up(collection)
            except (IndexFailed, OSError, sqlite3.OperationalError) as error:
                _log.warning("the index of collection %s waits for its next write: %s", name, error)
            self.release_writer()
        self._sweep()

    def add(self, key: int, name: str) -> OpenCollection:
        """A collection that was just made, or the one already open."""
        return self.by_name.setdefault(name, OpenCollection(key, name))

    def drop(self, collection: OpenCollection) -> None:
        """Forget a collection whose rows are gone, and remove its index."""
        self.by_name.pop(collection.name, None)
        if self._written is collection:
            self.release_writer()
        collection.index = None
        remove(self._path(collection))

    def catch_up(self, collection: OpenCollection) -> None:
        """Make all committed changes searchable. Raises IndexFailed, OSError, sqlite3.Error; may be repeated."""
        state = self._state(collection)
        try:
            collection.index = collection.index or self._open(collection, state)
        except IndexDamaged as error:
            _log.info("the index of collection %s is built again: %s", collection.name, error)
            self._rebuild(collection)
            return
        if state.applied < state.change:
            self._apply(collection, collection.index, since=state.applied)

    def release_writer(self) -> None:
        """Finish merges and give the memory of writing back."""
        written, self._written = self._written, None
        if written is not None and written.index is not None:
            try:
                written.index.release_writer()
            except IndexFailed as error:  # a merge only saves time; the commit before it stands
                _log.warning("a merge in the index of collection %s failed: %s", written.name, error)
            freed_memory.give_back()

    def _open(self, collection: OpenCollection, state: _State) -> PassageIndex:
        if state.opstamp is None or state.fingerprint != FINGERPRINT:
            raise IndexDamaged(f"built with {state.fingerprint or 'nothing'}, now it is {FINGERPRINT}")
        index = PassageIndex.open(self._path(collection), opstamp=state.opstamp)
        if state.applied == state.change and index.passages != self._count(collection):
            raise IndexDamaged("it does not hold as many passages as there are")
        return index

    def _rebuild(self, collection: OpenCollection) -> None:
        collection.index, collection.unrecorded = None, False
        self._db.execute("UPDATE collections SET opstamp = NULL WHERE key = ?", (collection.key,))
        index = PassageIndex.create(self._path(collection))
        self._apply(collection, index, since=0)
        collection.index = index

    def _apply(self, collection: OpenCollection, index: PassageIndex, *, since: int) -> None:
        if self._written is not collection:
            self.release_writer()
            self._written = collection
        key = (collection.key,)
        change = self._state(collection).change
        again, collection.unrecorded = collection.unrecorded, True
        opstamp = index.apply(
            again=again,
            removed=(row[0] for row in self._db.execute(_SELECT_REMOVED, key)),
            added=(as_indexed(row) for row in self._db.execute(SELECT_ADDED, (*key, since))),
        )
        with transaction(self._db):
            self._db.execute("DELETE FROM passages WHERE collection = ? AND removed IS NOT NULL", key)
            self._db.execute(
                "UPDATE collections SET applied = ?, opstamp = ?, fingerprint = ? WHERE key = ?",
                (change, opstamp, FINGERPRINT, *key),
            )
        collection.unrecorded = False

    def _state(self, collection: OpenCollection) -> _State:
        query = "SELECT change, applied, opstamp, fingerprint FROM collections WHERE key = ?"
        return _State(*self._db.execute(query, (collection.key,)).fetchone())

    def _count(self, collection: OpenCollection) -> int:
        query = "SELECT count(*) FROM passages WHERE collection = ? AND removed IS NULL"
        return int(self._db.execute(query, (collection.key,)).fetchone()[0])

    def _path(self, collection: OpenCollection) -> Path:
        return self._folder / str(collection.key)

    def _sweep(self) -> None:
        kept = {str(collection.key) for collection in self.by_name.values()}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in kept:
                remove(path)
