"""The SQLite file of the embedded store: its tables, its connections, its transactions.

Knows SQL's side of things; not what the rows mean to askbox.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

_SCHEMA_VERSION = 1
_BUSY_TIMEOUT = 10.0  # seconds

# `change` counts a collection's write transactions; the index holds those up to `applied`. A passage carries the
# change that added it and, until the index has let go of it, the one that removed it. AUTOINCREMENT: a key is never
# used twice, so an index that lags can at worst name rows that are gone.
_TABLES = """
CREATE TABLE collections (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    change INTEGER NOT NULL DEFAULT 0,
    applied INTEGER NOT NULL DEFAULT 0,
    opstamp INTEGER,
    fingerprint TEXT
) STRICT;
CREATE TABLE documents (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    change INTEGER NOT NULL,
    title TEXT NOT NULL,
    format TEXT NOT NULL,
    headings TEXT NOT NULL,
    metadata TEXT NOT NULL,
    passages INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (collection, id)
) STRICT;
CREATE INDEX documents_counts ON documents (collection, passages);
CREATE TABLE facets (
    document INTEGER NOT NULL,
    facet TEXT NOT NULL,
    PRIMARY KEY (document, facet)
) STRICT, WITHOUT ROWID;
CREATE TABLE passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL,
    document INTEGER NOT NULL,
    added INTEGER NOT NULL,
    removed INTEGER,
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    headings TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    text TEXT NOT NULL,
    vector BLOB
) STRICT;
CREATE INDEX passages_of_document ON passages (document);
CREATE INDEX passages_added ON passages (collection, added);
CREATE INDEX passages_removed ON passages (collection) WHERE removed IS NOT NULL;
"""


class SchemaTooNew(Exception):
    """The file was written by a newer askbox."""


def connect(path: Path) -> sqlite3.Connection:
    """The writing connection, to be used by one thread at a time; makes the file and its tables where missing.

    Raises sqlite3.Error, SchemaTooNew.
    """
    db = _connection(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")
        elif version != _SCHEMA_VERSION:
            raise SchemaTooNew(f"{path} has schema {version}; this askbox knows {_SCHEMA_VERSION}")
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One durable transaction: committed at the end, undone on any error."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


class ReadingConnections:
    """A few connections that only read, each lent to one thread at a time."""

    def __init__(self, path: Path, *, size: int) -> None:
        self._size = size
        self._free: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for _ in range(size):
            db = _connection(path)
            db.execute("PRAGMA query_only = ON")
            self._free.put(db)

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection; what is read within one `with` may come from several states of the file."""
        db = self._free.get()
        try:
            yield db
        finally:
            self._free.put(db)

    def close(self) -> None:
        """Close all; waits for those lent."""
        for _ in range(self._size):
            self._free.get().close()


def _connection(path: Path) -> sqlite3.Connection:
    # Threads take turns; isolation_level None leaves transactions to us.
    return sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
