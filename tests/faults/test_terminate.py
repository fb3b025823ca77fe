"""The API is told to stop (SIGTERM): it takes no more questions, and gives those that run a proper end."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from aiohttp import web
from tests.api.model_server import ModelServer, served
from tests.faults.api_process import ApiProcess, wait_until
from tests.faults.asking import LLAMA, QUESTION, ask, is_refusal, stream
from tests.faults.conftest import StartApi
from tests.faults.slow_proxy import slow_proxy

pytestmark = [pytest.mark.faults, pytest.mark.slow]

STREAMS = 16
LEEWAY = 20.0  # seconds beyond the grace that a busy machine may take


class PatientModel(ModelServer):
    """Says a word, then waits until it is released before it says the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    async def _write(self, request: web.Request, response: web.StreamResponse) -> None:
        await response.write(b'data: {"choices":[{"index":0,"delta":{"content":"So: "},"finish_reason":null}]}\n\n')
        while not self.released.is_set():  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.01)
        await super()._write(request, response)


@pytest.fixture
def patient_model() -> Iterator[PatientModel]:
    with served(model := PatientModel()):
        yield model


def test_streams_that_finish_within_the_grace_end_with_their_answer(
    start_api: StartApi, patient_model: PatientModel
) -> None:
    api = start_api(llm_base_url=patient_model.url, generations=STREAMS, shutdown_grace=60)
    api.add(LLAMA)
    with ThreadPoolExecutor(STREAMS) as pool:
        streams = [pool.submit(stream, api.url) for _ in range(STREAMS)]
        wait_until(lambda: patient_model.running == STREAMS, "the streams did not begin")
        api.terminate()
        wait_until(lambda: not _takes_connections(api), "the API went on taking questions")
        patient_model.released.set()
        ends = Counter(future.result()[-1] for future in streams)

    assert ends == {"answer": STREAMS}
    assert api.exit_code(within=LEEWAY) == 0


def test_what_still_runs_when_the_grace_is_over_ends_with_an_error(
    start_api: StartApi, patient_model: PatientModel
) -> None:
    api = start_api(llm_base_url=patient_model.url, generations=STREAMS + 2, shutdown_grace=2)
    api.add(LLAMA)
    with ThreadPoolExecutor(STREAMS + 4) as pool:
        streams = [pool.submit(stream, api.url) for _ in range(STREAMS)]
        answers = [pool.submit(ask, api.url) for _ in range(2)]
        wait_until(lambda: patient_model.running == STREAMS + 2, "the questions did not come to run")
        queued_answer, queued_stream = pool.submit(ask, api.url), pool.submit(stream, api.url)
        wait_until(lambda: api.metric("askbox_questions_queued") == 2, "the questions did not come to wait")
        api.http.close()
        api.terminate()
        code = api.exit_code(within=2 + LEEWAY)
        ends = Counter(future.result()[-1] for future in streams)

    assert ends == {"error": STREAMS}
    assert all(is_refusal(future.result()) for future in [*answers, queued_answer])
    assert queued_stream.result() == ["503"]
    assert code == 0
    assert "Traceback" not in api.log.read_text()


def test_other_requests_that_still_run_when_the_grace_is_over_are_refused(
    start_api: StartApi, elasticsearch_settings: dict[str, str]
) -> None:
    with slow_proxy(elasticsearch_settings["elasticsearch_url"]) as proxy, ThreadPoolExecutor() as pool:
        settings = elasticsearch_settings | {"elasticsearch_url": proxy.url, "search_timeout": "600"}
        api = start_api(**settings, shutdown_grace=1)
        assert api.add(LLAMA).status_code == 201
        proxy.slow = "-passages"
        search = pool.submit(api.http.post, "/search", json={"query": QUESTION})
        wait_until(lambda: proxy.held == 1, "the search did not begin")
        api.terminate()

        assert is_refusal(search.result())
        assert api.exit_code(within=1 + LEEWAY) == 0


def _takes_connections(api: ApiProcess) -> bool:
    try:
        return httpx2.get(f"{api.url}/health/live", timeout=60).status_code != 503
    except httpx2.TransportError:
        return False
