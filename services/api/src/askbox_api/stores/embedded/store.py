"""The passage store of one process: documents in SQLite, their words in tantivy, both in one folder.

Knows threads, time limits and the life of the store; the work is done by the reading and the writing side.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from askbox_api.domain import (
    ChunkedDocument,
    Collection,
    DocumentPage,
    DocumentRecord,
    Filters,
    Hit,
    PartHealth,
    WriteOutcome,
)
from askbox_api.errors import AskboxError, SearchTimedOut, StoreReadOnly, StoreUnavailable
from askbox_api.ports import PassageStore
from askbox_api.stores.embedded.deriving import DerivedIndexes
from askbox_api.stores.embedded.failures import opening, reading, writing
from askbox_api.stores.embedded.folder_lock import FolderLock
from askbox_api.stores.embedded.reading import EmbeddedReader
from askbox_api.stores.embedded.sqlite import ReadingConnections, connect
from askbox_api.stores.embedded.writing import EmbeddedWriter

_T = TypeVar("_T")
_READING_THREADS = 2
# A short query of a small collection takes less time than to hand it to a thread and wait for it: 0.1 of 0.17 ms.
_SHORT = 500  # characters
_SMALL = 10_000  # passages
_WRITER_KEPT = 5.0  # seconds without a write after which the memory of writing is given back


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is held between open and close."""

    resources: ExitStack
    reader: EmbeddedReader
    writer: EmbeddedWriter
    indexes: DerivedIndexes
    reading: ThreadPoolExecutor
    writing: ThreadPoolExecutor


class EmbeddedStore(PassageStore):
    """Documents and passages in `data_dir`, used by one process at a time.

    `open` raises StoreUnavailable where the folder cannot be made, written or read, or is in use by another
    process. `search_timeout` is in seconds.
    """

    def __init__(self, *, data_dir: Path, search_timeout: float = 5.0) -> None:
        self._folder = data_dir
        self._search_timeout = search_timeout
        self._opened: _Opened | None = None
        self._refusal: StoreReadOnly | None = None  # of the last write
        self._idle: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        if self._opened is None:
            self._opened = await asyncio.to_thread(self._open)

    async def close(self) -> None:
        opened, self._opened = self._opened, None
        if self._idle is not None:
            self._idle.cancel()
        if opened is not None:
            await asyncio.to_thread(opened.resources.close)

    async def search(self, query: str, *, collection: str, filters: Filters, top_k: int) -> list[Hit]:
        reader = self._require().reader
        if len(query) <= _SHORT and reader.passages(collection) <= _SMALL:
            await asyncio.sleep(0)  # whoever searches again and again must let others run, too
            with reading(self._folder):
                return reader.search(query, collection=collection, filters=filters, top_k=top_k)
        try:
            async with asyncio.timeout(self._search_timeout):
                return await self._read(
                    lambda: reader.search(query, collection=collection, filters=filters, top_k=top_k)
                )
        except TimeoutError as error:
            detail = f"the embedded store did not search {collection!r} within {self._search_timeout:g} s"
            raise SearchTimedOut(detail, remedy="Ask again, with fewer words or when it has less to do.") from error

    async def versions(self, ids: Sequence[str], *, collection: str) -> Mapping[str, str]:
        reader = self._require().reader
        return await self._read(lambda: reader.versions(ids, collection=collection))

    async def write(self, documents: Sequence[ChunkedDocument], *, collection: str) -> list[WriteOutcome]:
        writer = self._require().writer
        return await self._write(lambda: writer.write(documents, collection=collection))

    async def get_document(self, document_id: str, *, collection: str) -> DocumentRecord:
        reader = self._require().reader
        return await self._read(lambda: reader.get_document(document_id, collection=collection))

    async def list_documents(self, *, collection: str, filters: Filters, offset: int, limit: int) -> DocumentPage:
        reader = self._require().reader
        return await self._read(
            lambda: reader.list_documents(collection=collection, filters=filters, offset=offset, limit=limit)
        )

    async def delete_document(self, document_id: str, *, collection: str) -> None:
        writer = self._require().writer
        await self._write(lambda: writer.delete_document(document_id, collection=collection))

    async def collections(self) -> list[Collection]:
        return await self._read(self._require().reader.collections)

    async def delete_collection(self, name: str) -> None:
        writer = self._require().writer
        await self._write(lambda: writer.delete_collection(name))

    async def check(self) -> PartHealth:
        try:
            collections = await self.collections()
        except AskboxError as error:
            return PartHealth("store", ok=False, detail=error.detail, remedy=error.remedy)
        documents, refusal = sum(collection.documents for collection in collections), self._refusal
        detail = f"embedded: {_count(documents, 'document')} in {_count(len(collections), 'collection')}"
        if refusal is not None:
            return PartHealth("store", ok=True, detail=f"{detail}; {refusal.detail}", remedy=refusal.remedy)
        return PartHealth("store", ok=True, detail=detail)

    def _open(self) -> _Opened:
        with ExitStack() as resources, opening(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FolderLock(self._folder, name="passages.lock")
            lock.acquire()
            resources.callback(lock.release)
            path = self._folder / "passages.sqlite3"
            db = connect(path)
            resources.callback(db.close)
            connections = ReadingConnections(path, size=_READING_THREADS)
            resources.callback(connections.close)
            indexes = DerivedIndexes(db, self._folder / "passages.indexes")
            resources.callback(indexes.release_writer)
            indexes.open_all()
            return _Opened(
                reader=EmbeddedReader(connections, indexes.by_name),
                writer=EmbeddedWriter(db, indexes),
                indexes=indexes,
                reading=resources.enter_context(ThreadPoolExecutor(_READING_THREADS, "askbox-search")),
                writing=resources.enter_context(ThreadPoolExecutor(1, "askbox-write")),
                resources=resources.pop_all(),
            )

    def _require(self) -> _Opened:
        if self._opened is None:
            raise StoreUnavailable(f"the passage store in {self._folder} is not open", remedy="Restart the API.")
        return self._opened

    async def _read(self, work: Callable[[], _T]) -> _T:
        with reading(self._folder):
            return await asyncio.get_running_loop().run_in_executor(self._require().reading, work)

    async def _write(self, work: Callable[[], _T]) -> _T:
        opened, loop = self._require(), asyncio.get_running_loop()
        try:
            with writing(self._folder):
                result = await loop.run_in_executor(opened.writing, work)
        except StoreReadOnly as error:
            self._refusal = error
            raise
        finally:
            opened.reader.forget()
            if self._idle is not None:
                self._idle.cancel()
            self._idle = loop.call_later(_WRITER_KEPT, self._release_writer)
        self._refusal = None
        return result

    def _release_writer(self) -> None:
        if self._opened is not None:
            self._opened.writing.submit(self._opened.indexes.release_writer)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
