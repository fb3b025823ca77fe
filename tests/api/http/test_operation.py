"""Health, versions, metrics, request ids, and the start and end of the process."""

from collections.abc import Callable

import pytest
from tests.api.model_server import ModelServer
from tests.api.running import RunningApi

from askbox.schemas import Ready, Version


def test_ready_names_each_part_and_its_remedy(start_api: Callable[..., RunningApi]) -> None:
    response = start_api().http.get("/health/ready")
    ready = Ready.model_validate(response.json())
    parts = {part.part: part for part in ready.parts}
    assert (response.status_code, ready.ready) == (200, True)
    assert parts["store"].ok
    assert not parts["model"].ok
    assert "http://127.0.0.1:9/v1" in parts["model"].detail
    assert parts["model"].remedy


def test_ready_tells_a_model_that_is_not_pulled(api: RunningApi, model_server: ModelServer) -> None:
    model_server.models = ["gemma:2b"]
    model = Ready.model_validate(api.http.get("/health/ready").json()).parts[1]
    assert not model.ok
    assert "ollama pull phi3" in model.remedy


def test_without_elasticsearch_the_api_lives_and_is_not_ready(start_api: Callable[..., RunningApi]) -> None:
    api = start_api(store="elasticsearch", elasticsearch_url="http://127.0.0.1:9")
    assert api.http.get("/health/live").status_code == 200
    ready = api.http.get("/health/ready")
    assert ready.status_code == 503
    store = Ready.model_validate(ready.json()).parts[0]
    assert "http://127.0.0.1:9" in store.detail
    assert store.remedy
    asked = api.ask("anything")
    assert (asked.status_code, asked.json()["code"]) == (503, "store_unavailable")
    assert int(asked.headers["retry-after"]) > 0
    assert api.http.post("/documents", json={"documents": [{"text": "x"}]}).status_code == 503


def test_the_version_is_told(api: RunningApi) -> None:
    assert Version.model_validate(api.http.get("/version").json()).version == "0.1.0"


@pytest.mark.parametrize(("sent", "kept"), [("my-id_1.2", True), ("bad id", False), ("x" * 65, False), ("", False)])
def test_a_sane_request_id_is_kept_and_another_replaced(api: RunningApi, sent: str, kept: bool) -> None:
    given = api.http.get("/nowhere", headers={"x-request-id": sent})
    assert (given.headers["x-request-id"] == sent) is kept
    assert given.json()["request_id"] == given.headers["x-request-id"]


def test_metrics_count_answers_stages_and_tokens(api: RunningApi) -> None:
    api.ask("How much GPU memory does Llama 7B need?")
    api.ask("quux")
    api.ask("a", collection="nope")
    text = api.http.get("/metrics").text
    for line in (
        'askbox_answers_total{outcome="written"} 1.0',
        'askbox_answers_total{outcome="abstained"} 1.0',
        'askbox_answers_total{outcome="failed"} 1.0',
        'askbox_tokens_total{kind="prompt"} 400.0',
        'askbox_stage_duration_seconds_count{stage="first_token"} 1.0',
        'askbox_requests_total{route="/ask",status="404"} 1.0',
        'askbox_documents_total{status="created"} 2.0',
        "askbox_questions_running 0.0",
    ):
        assert line in text.splitlines()


def test_the_openapi_lists_events_problems_and_examples(api: RunningApi) -> None:
    schema = api.http.get("/openapi.json").json()
    assert {"HitsEvent", "TokenEvent", "AnswerEvent", "ErrorEvent", "Problem", "DocumentIn"} <= schema["components"][
        "schemas"
    ].keys()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            for status, response in operation["responses"].items():
                if int(status) >= 400 and path != "/health/ready":
                    assert "application/problem+json" in response["content"], (method, path, status)
