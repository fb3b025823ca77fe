"""Fixtures of the faults: how many rounds and which seed, APIs as processes, both stores, a server to kill."""

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from tests.api.model_server import ModelServer, served
from tests.conftest import ElasticsearchServer, need
from tests.faults.api_process import ApiProcess, api_process
from tests.faults.own_elasticsearch import OwnElasticsearch

StartApi = Callable[..., ApiProcess]


@pytest.fixture(scope="session")
def rounds() -> int:
    """How often the tests that kill do so."""
    return int(os.environ.get("ASKBOX_ROUNDS") or "5")


@pytest.fixture
def chance() -> random.Random:
    """Decides when to kill; ASKBOX_SEED repeats what a test printed."""
    seed = int(os.environ.get("ASKBOX_SEED") or random.randrange(2**32))
    print(f"\nASKBOX_SEED={seed}", end=" ")
    return random.Random(seed)


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    with served(ModelServer()) as server:
        yield server


@pytest.fixture
def start_api(tmp_path: Path) -> Iterator[StartApi]:
    """Starts APIs, by default on the embedded store of this test; they are killed at its end."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(api_process(tmp_path, **settings))


@pytest.fixture
def elasticsearch_settings(elasticsearch_server: ElasticsearchServer) -> Iterator[dict[str, str]]:
    """Settings of an API with indices of its own on the shared server; the indices go at the end."""
    prefix = f"askboxtest-{uuid4().hex[:12]}"
    yield {
        "store": "elasticsearch",
        "elasticsearch_url": elasticsearch_server.url,
        "elasticsearch_username": elasticsearch_server.username,
        "elasticsearch_password": elasticsearch_server.password,
        "elasticsearch_prefix": prefix,
    }
    with admin(elasticsearch_server) as http:
        for index in http.get(f"/{prefix}-*", params={"expand_wildcards": "all"}).json():
            http.delete(f"/{index}").raise_for_status()


@pytest.fixture(params=["embedded", "elasticsearch"])
def store_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of an API on each store."""
    if request.param == "embedded":
        return {"store": "embedded"}
    settings: dict[str, str] = request.getfixturevalue("elasticsearch_settings")
    return settings


@pytest.fixture
def elasticsearch_admin(elasticsearch_server: ElasticsearchServer) -> Iterator[httpx2.Client]:
    """A client of the shared server itself."""
    with admin(elasticsearch_server) as http:
        yield http


@pytest.fixture(scope="session")
def own_elasticsearch() -> Iterator[OwnElasticsearch]:
    """A real server of our own, which stays for all tests that may kill it."""
    command = need("elasticsearch-command", "ASKBOX_TEST_ELASTICSEARCH_COMMAND")
    # Not a temporary folder of pytest: the server may run as another account, which must reach it.
    with tempfile.TemporaryDirectory(prefix="askbox-faults-") as folder:
        Path(folder).chmod(0o755)
        server = OwnElasticsearch(command, Path(folder) / "server")
        try:
            yield server
        finally:
            server.stop("--wipe")


@pytest.fixture
def own_server(own_elasticsearch: OwnElasticsearch) -> OwnElasticsearch:
    """The server of our own, running, whatever the test before did to it."""
    own_elasticsearch.start()
    return own_elasticsearch


@pytest.fixture
def own_server_settings(own_server: OwnElasticsearch) -> dict[str, str]:
    """Settings of an API on it, with indices of its own."""
    prefix = f"askboxtest-{uuid4().hex[:12]}"
    return {"store": "elasticsearch", "elasticsearch_url": own_server.url, "elasticsearch_prefix": prefix}


def admin(server: ElasticsearchServer) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, auth=(server.username, server.password), timeout=60)
