"""Fresh stores for benchmarks: the embedded one in a temporary folder, Elasticsearch under a prefix of its own."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import elastic

from askbox_api.ports import PassageStore
from askbox_api.stores.elasticsearch import ElasticsearchStore
from askbox_api.stores.embedded import EmbeddedStore

TURN_ON = "set ASKBOX_TEST_ELASTICSEARCH_URL, _USERNAME and _PASSWORD"


def names() -> list[str]:
    """The stores that can be measured here; says so where one cannot."""
    if os.environ.get("ASKBOX_TEST_ELASTICSEARCH_URL"):
        return ["embedded", "elasticsearch"]
    print(f"elasticsearch is left out: {TURN_ON}")
    return ["embedded"]


@asynccontextmanager
async def fresh(name: str, *, search_timeout: float = 60.0) -> AsyncIterator[PassageStore]:
    """An empty, open store; what it held is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="askbox-bench-") as folder:
        prefix = f"askboxbench-{secrets.token_hex(6)}"
        store: PassageStore
        if name == "embedded":
            store = EmbeddedStore(data_dir=Path(folder), search_timeout=search_timeout)
        else:
            store = elasticsearch(prefix, search_timeout=search_timeout)
        await store.open()
        try:
            yield store
        finally:
            await store.close()
            if name == "elasticsearch":
                elastic.remove(f"{prefix}-*")


def elasticsearch(prefix: str, *, search_timeout: float = 60.0) -> ElasticsearchStore:
    """The store on the Elasticsearch of the environment; not opened yet."""
    return ElasticsearchStore(
        url=os.environ["ASKBOX_TEST_ELASTICSEARCH_URL"],
        username=os.environ.get("ASKBOX_TEST_ELASTICSEARCH_USERNAME", "elastic"),
        password=os.environ.get("ASKBOX_TEST_ELASTICSEARCH_PASSWORD", ""),
        prefix=prefix,
        search_timeout=search_timeout,
    )
