"""The disk is full, or the index takes no writes: ingestion says so, the rest goes on, and so does ingestion later."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from tests.api.model_server import ModelServer
from tests.faults.api_process import ApiProcess
from tests.faults.asking import LLAMA, QUESTION, ask, is_refusal
from tests.faults.conftest import StartApi

pytestmark = [pytest.mark.faults, pytest.mark.slow]

MANY = 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "askbox-test", str(path)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount a tmpfs (run as root): {done.stderr.strip()}")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_on_a_full_disk_the_embedded_store_answers_and_takes_documents_again_once_there_is_space(
    start_api: StartApi, model_server: ModelServer, small_disk: Path
) -> None:
    api = start_api(data_dir=small_disk / "data", llm_base_url=model_server.url)
    assert api.add(LLAMA).status_code == 201
    ballast = small_disk / "ballast"
    _fill(ballast)

    taken, refusal = _add_until_refused(api)
    _fill(ballast)
    _assert_read_only(refusal)
    _assert_answers(api)
    assert _documents(api) == {"llama", *taken}
    assert "takes no writes" in api.http.get("/health/ready").text
    api.kill()
    api.start()
    _assert_answers(api)
    assert _documents(api) == {"llama", *taken}
    _assert_read_only(_add_until_refused(api)[1])

    ballast.unlink()
    assert api.add(*map(_long, range(MANY))).status_code == 201
    assert _documents(api) == {"llama", *(f"long-{number}" for number in range(MANY))}
    _assert_answers(api)


def test_while_elasticsearch_takes_no_writes_it_is_searched_and_written_again_afterwards(
    start_api: StartApi,
    model_server: ModelServer,
    elasticsearch_settings: dict[str, str],
    elasticsearch_admin: httpx2.Client,
) -> None:
    api = start_api(**elasticsearch_settings, llm_base_url=model_server.url)
    assert api.add(LLAMA).status_code == 201
    settings = f"/{elasticsearch_settings['elasticsearch_prefix']}-*/_settings"

    _block(elasticsearch_admin, settings, True)
    _assert_read_only(api.add(_long(1)))
    _assert_answers(api)
    assert _documents(api) == {"llama"}

    _block(elasticsearch_admin, settings, None)
    assert api.add(_long(1)).status_code == 201
    assert _documents(api) == {"llama", "long-1"}


def _long(number: int) -> dict[str, str]:
    return {"id": f"long-{number}", "text": f"Document {number}. " + f"Words {number} that fill the disk. " * 200}


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4_096))


def _add_until_refused(api: ApiProcess) -> tuple[list[str], httpx2.Response]:
    """Files may have some room left inside; what is taken before the refusal must be there."""
    taken: list[str] = []
    for number in range(MANY):
        document = _long(number)
        response = api.add(document)
        if response.status_code != 201:
            return taken, response
        taken.append(document["id"])
    raise AssertionError("a full disk took everything")


def _assert_read_only(response: httpx2.Response) -> None:
    assert is_refusal(response), response.text
    assert response.json()["code"] == "store_read_only"
    assert response.json()["remedy"]


def _assert_answers(api: ApiProcess) -> None:
    found = api.http.post("/search", json={"query": QUESTION})
    assert found.json()["hits"][0]["document_id"] == "llama"
    assert ask(api.url).json()["model"] == "phi3"
    assert api.http.get("/health/ready").status_code == 200


def _documents(api: ApiProcess) -> set[str]:
    return {one["id"] for one in api.http.get("/documents", params={"limit": 1_000}).json()["documents"]}


def _block(http: httpx2.Client, settings: str, value: bool | None) -> None:
    http.put(settings, json={"index.blocks.read_only_allow_delete": value}).raise_for_status()
