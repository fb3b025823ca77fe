"""The five texts of the kit's stub, in both stores: every question of the kit's driver finds all five.

The stub's model refuses a prompt that lacks one of them, so no answer can skip retrieval or the prompt.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import kit

from askbox_api.domain import Document
from askbox_api.ingesting.ingesting import Ingesting, NewDocument
from askbox_api.stores.embedded import EmbeddedStore

TITLE = "When does the course start?"
QUESTION = TITLE


def embed(data_dir: Path) -> None:
    """Put the texts into the embedded store of `data_dir`, as five documents of one passage each."""

    async def write() -> None:
        store = EmbeddedStore(data_dir=data_dir)
        await store.open()
        documents = [
            NewDocument(Document(id=f"doc-{number}", title=TITLE, text=kit.hit_text(number)), has_id=True)
            for number in range(kit.HITS)
        ]
        await Ingesting(store, passage_size=1_200).ingest(documents, collection="default")
        await store.close()

    asyncio.run(write())


def search_file(path: Path) -> Path:
    """A `-search-file` for the stub: hits with the fields that askbox stores and those that the kit's peers read."""
    hits = [
        {"_index": "stub", "_id": f"doc-{number}", "_score": 9.5 - number, "_source": _source(number)}
        for number in range(kit.HITS)
    ]
    answer = {
        "took": 1,
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {"total": {"value": len(hits), "relation": "eq"}, "max_score": 9.5, "hits": hits},
    }
    path.write_text(json.dumps(answer))
    return path


def _source(number: int) -> dict[str, Any]:
    text = kit.hit_text(number)
    ours = {"document_id": f"doc-{number}", "position": 0, "headings": [], "start": 0, "end": len(text), "metadata": {}}
    # `content` and what else the stub's own hits hold, so that a peer has as many bytes to read as without us.
    theirs = {"id": f"doc-{number}", "content": text, "section": "General", "source": "faq.md", "course": "stub"}
    theirs |= {"question": f"What about topic {number}?", "answer": text}
    theirs |= {"doc_id": f"doc-{number}", "chunk_id": f"doc-{number}-0"}
    return {"title": TITLE, "text": text} | ours | theirs
