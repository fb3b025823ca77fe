"""A process of its own that writes to an embedded store until it is killed; run with the folder as argument.

Each line that it prints acknowledges a write: the version, then the ids.
"""

import asyncio
import sys
from pathlib import Path

from askbox_api.domain import ChunkedDocument, Document, Passage
from askbox_api.stores.embedded import EmbeddedStore


def document(id_: str, version: str) -> ChunkedDocument:
    text = f"zebra {id_} {version}"
    passage = Passage(f"{id_}/{version}", id_, 0, "", (), text, 0, len(text))
    return ChunkedDocument(Document(id_, text), version, (passage,))


async def main() -> None:
    store = EmbeddedStore(data_dir=Path(sys.argv[1]))
    await store.open()
    page = []
    if await store.collections():
        page = list((await store.list_documents(collection="c", filters={}, offset=0, limit=10_000)).documents)
    first = max((int(record.version) for record in page), default=0) + 1
    for number in range(first, first + 10_000):
        version = f"{number:06}"
        ids = [f"d{number}", f"shared{number % 5}", "always"]
        await store.write([document(id_, version) for id_ in ids], collection="c")
        print(version, *ids, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
