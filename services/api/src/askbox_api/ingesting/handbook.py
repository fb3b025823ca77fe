"""The handbook that an empty store loads, so that the first question of a new user has an answer."""

import asyncio
from pathlib import Path

from askbox_api.domain import Document, WriteOutcome
from askbox_api.errors import Unavailable
from askbox_api.ingesting.ingesting import Ingesting, NewDocument
from askbox_api.ports import PassageStore

COLLECTION = "default"
RETRY_SECONDS = 2.0


def pages(folder: Path) -> list[NewDocument]:
    """The Markdown pages of a folder in order of name; their ids are their names.

    Raises ValueError where there are none.
    """
    found = sorted(folder.glob("*.md"))
    if not found:
        raise ValueError(f"ASKBOX_HANDBOOK_DIR is {folder}, which holds no *.md page")
    return [
        NewDocument(
            Document(
                id=path.name,
                text=path.read_text(encoding="utf-8"),
                format="markdown",
                metadata={"source": path.name},
            ),
            has_id=True,
        )
        for path in found
    ]


async def load_when_empty(
    handbook: list[NewDocument], *, store: PassageStore, ingesting: Ingesting
) -> list[WriteOutcome]:
    """Ingest the pages if no collection exists yet; waits until the store answers and takes writes."""
    while True:
        try:
            if await store.collections():
                return []
            return await ingesting.ingest(handbook, collection=COLLECTION)
        except Unavailable:
            await asyncio.sleep(RETRY_SECONDS)
