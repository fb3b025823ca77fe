"""Fixtures of the API's tests: a stand-in for the model, and a running API on the embedded store."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.api.model_server import ModelServer, served
from tests.api.running import RunningApi, running_api

LLAMA = {
    "id": "llama",
    "title": "Model size",
    "text": "Llama 7B needs about 28 GB of GPU memory. Falcon 40B needs about 90 GB.",
    "metadata": {"source": "handbook", "year": 2023},
}
ZEBRA = {"id": "zebra", "title": "Animals", "text": "A zebra has stripes. It lives in Africa."}


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    with served(ModelServer()) as server:
        yield server


@pytest.fixture
def start_api(tmp_path: Path) -> Iterator[Callable[..., RunningApi]]:
    """Starts APIs on the embedded store of this test; they stop at its end."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running_api(**{"data_dir": tmp_path / "data"} | settings))


@pytest.fixture
def api(start_api: Callable[..., RunningApi], model_server: ModelServer) -> RunningApi:
    """An API with two documents and the stand-in as its model."""
    api = start_api(llm_base_url=model_server.url)
    api.add(LLAMA, ZEBRA)
    return api
