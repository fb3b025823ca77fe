"""What goes wrong with disk, SQLite and tantivy, turned into the errors of askbox.

Knows error codes; names the folder and the remedy, never what was to be written.
"""

import errno
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from askbox_api.errors import CollectionNotFound, DocumentNotFound, StoreReadOnly, StoreUnavailable
from askbox_api.stores.embedded.folder_lock import FolderInUse
from askbox_api.stores.embedded.index import IndexFailed
from askbox_api.stores.embedded.sqlite import SchemaTooNew

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}  # a journal that cannot grow says IOERR
_SQLITE_REFUSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_TANTIVYS_OS_ERROR = re.compile(r"(?:os error |Os \{ code: )(\d+)")
_SHOWN = 200  # characters of an identifier in a message
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def opening(folder: Path) -> Iterator[None]:
    """Failures of opening as StoreUnavailable."""
    try:
        yield
    except FolderInUse as error:
        remedy = "Stop that process, or give this one a folder of its own (ASKBOX_DATA_DIR)."
        raise StoreUnavailable(f"{error}; one process at a time can use it", remedy=remedy) from error
    except SchemaTooNew as error:
        raise StoreUnavailable(str(error), remedy="Start the newer askbox again.") from error
    except OSError as error:
        remedy = "Make the folder and let this process write to it, or choose another (ASKBOX_DATA_DIR)."
        detail = f"the folder {folder} cannot be made or written: {error.strerror}"
        raise StoreUnavailable(detail, remedy=remedy) from error
    except (sqlite3.Error, IndexFailed) as error:
        raise unavailable(error, folder) from error


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Failures of reading as StoreUnavailable."""
    try:
        yield
    except (sqlite3.Error, IndexFailed, OSError) as error:
        raise unavailable(error, folder) from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Failures of writing as StoreReadOnly where the disk takes nothing, else as StoreUnavailable."""
    try:
        yield
    except (sqlite3.Error, IndexFailed, OSError) as error:
        number, code = _os_number(error), _sqlite_code(error)
        if number in _FULL or code in _SQLITE_FULL:
            remedy = "Free space there and write again; nothing needs to be restarted."
            raise StoreReadOnly(f"the disk of {folder} is full, or takes no writes", remedy=remedy) from error
        if number in _REFUSED or code in _SQLITE_REFUSED:
            remedy = "Make the folder writable for this process and write again."
            raise StoreReadOnly(f"the folder {folder} cannot be written", remedy=remedy) from error
        raise unavailable(error, folder) from error


def unavailable(error: Exception, folder: Path) -> StoreUnavailable:
    """That the store in this folder does not work, with the reason the system gave."""
    remedy = "Look at the folder and at the log of the API; restart the API once the cause is gone."
    if _sqlite_code(error) in _DAMAGED:
        remedy = "Put a copy of the folder back, or move its passages.sqlite3 away to start empty."
    return StoreUnavailable(f"the passage store in {folder} does not work: {error}", remedy=remedy)


def collection_not_found(name: str) -> CollectionNotFound:
    """That nothing was ever written under this name, or that it was deleted."""
    remedy = "Write a document to it first, or name another; GET /collections lists them."
    return CollectionNotFound(f"no collection {name[:_SHOWN]!r}", remedy=remedy)


def document_not_found(document_id: str, *, collection: str) -> DocumentNotFound:
    """That the collection holds no document of this id."""
    remedy = f"GET /documents?collection={collection} lists what is there."
    detail = f"no document {document_id[:_SHOWN]!r} in collection {collection!r}"
    return DocumentNotFound(detail, remedy=remedy)


def _os_number(error: Exception) -> int | None:
    if isinstance(error, OSError):
        return error.errno
    found = _TANTIVYS_OS_ERROR.search(str(error)) if isinstance(error, IndexFailed) else None
    return int(found[1]) if found else None


def _sqlite_code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
