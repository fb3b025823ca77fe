"""What fuzzing found, each kept as the smallest request that showed it."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.model_server import ModelServer, served
from tests.api.running import RunningApi, running_api
from tests.fuzz.hooks import DOCUMENTS


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    data = tmp_path_factory.mktemp("findings")
    with served(ModelServer()) as model, running_api(data_dir=data, llm_base_url=model.url) as api:
        api.add(*DOCUMENTS)
        yield api


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/ask", "POST"),
        ("/documents", "GET, POST"),
        ("/documents/a/b", "DELETE, GET"),
        ("/collections/a", "DELETE"),
        ("/health/live", "GET"),
    ],
)
def test_a_method_not_allowed_names_all_methods_that_are(api: RunningApi, path: str, methods: str) -> None:
    response = api.http.options(path)

    assert response.status_code == 405
    assert response.headers["allow"] == methods


@pytest.mark.parametrize("more", [{"top_k": 7.0}, {"generation": {"max_tokens": 64.0}}, {"generation": {"seed": 0.0}}])
def test_a_whole_number_may_be_written_with_a_point(api: RunningApi, more: dict[str, Any]) -> None:
    assert api.ask("zebra", **more).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"top_k": 7.5},
        {"top_k": True},
        {"top_k": "7"},
        {"generation": {"temperature": True}},
        {"generation": {"temperature": "0.5"}},
        {"generation": {"top_p": "1"}},
    ],
)
def test_what_is_no_number_is_not_taken_for_one(api: RunningApi, more: dict[str, Any]) -> None:
    assert api.ask("zebra", **more).status_code == 422


def test_a_text_of_digits_too_long_for_metadata_is_not_stored_as_a_number(api: RunningApi) -> None:
    outcomes = api.add({"id": "digits", "text": "zebra", "metadata": {"digits": "0" * 2_001}})

    assert outcomes[0]["status"] == "failed"


@pytest.mark.parametrize("question", [" ", "\t\r\n", "\u2028\u3000\x85", "\x1c", "\ufeff"], ids=ascii)
def test_white_space_of_any_kind_is_no_question(api: RunningApi, question: str) -> None:
    assert api.ask(question).status_code == 422


def test_a_document_with_endless_wrong_fields_fails_with_a_reason_of_a_few_lines(api: RunningApi) -> None:
    outcomes = api.add({"text": "zebra"} | {f"{n}{'x' * 1_000}": 1 for n in range(1_000)})

    assert outcomes[0]["status"] == "failed"
    assert len(outcomes[0]["reason"]) < 10_000
    assert outcomes[0]["reason"].endswith("(and 980 more)")


def test_the_openapi_says_what_is_taken_and_what_comes(api: RunningApi) -> None:
    told = api.http.get("/openapi.json").json()
    schemas, paths = told["components"]["schemas"], told["paths"]

    assert schemas["AskRequest"]["properties"]["question"].items() >= {"minLength": 1, "maxLength": 8_000}.items()
    assert "pattern" in schemas["DocumentIn"]["properties"]["text"]
    assert paths["/documents"]["get"]["parameters"][1]["schema"]["items"]["pattern"] == "^[^:]+:"
    events = paths["/ask/stream"]["post"]["responses"]["200"]["content"]["text/event-stream"]["itemSchema"]["oneOf"]
    assert [event["properties"]["event"]["const"] for event in events] == ["hits", "token", "answer", "error"]
    assert "text/plain" in paths["/metrics"]["get"]["responses"]["200"]["content"]
