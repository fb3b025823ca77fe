"""`askbox ask` and `askbox search`."""

import json
from typing import Any

import pytest
from tests.client.conftest import Askbox
from tests.client.standin import ANSWER, GOOD_STREAM, HIT, Answer, StandIn, problem, sse


def streamed(answer: dict[str, Any]) -> list[bytes]:
    return [sse("hits", {"hits": answer["hits"]}), sse("token", {"text": answer["answer"]}), sse("answer", answer)]


def test_the_answer_comes_with_its_sources(askbox: Askbox) -> None:
    run = askbox("ask", "May I join?")

    assert run.code == 0
    assert run.out == (
        "Yes, you can. [1]\n\nSources\n"
        '[1] Can I still join? › General — "Yes, you can join until the project is due."\n'
    )
    assert run.err == ""


def test_without_stream_it_reads_the_same(askbox: Askbox) -> None:
    assert askbox("ask", "May I join?", "--no-stream").out == askbox("ask", "May I join?").out


def test_every_option_reaches_the_api(api: StandIn, askbox: Askbox) -> None:
    askbox(
        "ask", "May I join?", "--collection", "faq", "--model", "phi3", "--top-k", "7", "--filter", "course=llm",
        "--filter", "course=a=b", "--temperature", "0.7", "--max-tokens", "64", "--seed", "3",
        "--system-prompt", "Brief.", "--trace",
    )  # fmt: skip

    assert api.last().body == {
        "question": "May I join?",
        "collection": "faq",
        "model": "phi3",
        "filters": {"course": ["llm", "a=b"]},
        "top_k": 7,
        "generation": {"temperature": 0.7, "max_tokens": 64, "seed": 3, "system_prompt": "Brief."},
        "trace": True,
    }


def test_a_dash_reads_the_question_from_standard_input(api: StandIn, askbox: Askbox) -> None:
    askbox("ask", "-", stdin="Grüße?\n".encode())

    assert api.last().body["question"] == "Grüße?"


def test_a_question_on_standard_input_that_is_not_text_is_refused(api: StandIn, askbox: Askbox) -> None:
    run = askbox("ask", "-", stdin=b"\xff")

    assert (run.code, run.out) == (2, "")
    assert "UTF-8" in run.err
    assert api.requests == []


def test_an_answer_that_no_model_wrote_says_so_with_the_remedy(api: StandIn, askbox: Askbox) -> None:
    notice = {"part": "model", "code": "model_not_found", "detail": "phi3 is absent", "remedy": "ollama pull phi3"}
    api.stream = streamed(ANSWER | {"model": None, "degraded": [notice]})

    run = askbox("ask", "May I join?")

    assert run.code == 0
    assert "No model wrote this answer" in run.out
    assert "Degraded: model: phi3 is absent — ollama pull phi3" in run.out


def test_an_abstained_answer_says_so_and_names_the_nearest_passages(api: StandIn, askbox: Askbox) -> None:
    api.stream = streamed(ANSWER | {"abstained": True, "citations": [], "answer": "I do not know."})

    run = askbox("ask", "May I join?")

    assert "I do not know.\n\nThe documents hold no answer to this (abstained).\nThe nearest passages:" in run.out
    assert "• Can I still join? › General" in run.out


def test_an_answer_that_cites_nothing_says_so(api: StandIn, askbox: Askbox) -> None:
    api.stream = streamed(ANSWER | {"citations": []})

    run = askbox("ask", "May I join?")

    assert "No sentence of it could be traced to a passage. It was given:\n  • Can I still join? › General" in run.out


def test_the_trace_shows_the_prompt(api: StandIn, askbox: Askbox) -> None:
    trace = {
        "query": "join",
        "kept": [1],
        "messages": [{"role": "user", "content": "Q"}],
        "window": 4096,
        "estimated_tokens": 9,
    }
    api.stream = streamed(ANSWER | {"trace": trace})

    run = askbox("ask", "May I join?", "--trace")

    assert "query: join" in run.out
    assert "kept: 1, dropped: none" in run.out
    assert "--- user\nQ\n" in run.out


def test_json_gives_the_whole_answer_and_nothing_else(askbox: Askbox) -> None:
    run = askbox("--json", "ask", "May I join?")

    assert run.json["answer"] == ANSWER["answer"]
    assert run.out.isascii()
    assert run.err == ""


def test_an_error_in_the_middle_ends_with_its_line(api: StandIn, askbox: Askbox) -> None:
    fault = json.loads(problem(502, "generation_failed", "the model stopped", remedy="ask again", request_id="r9"))
    api.stream = [*GOOD_STREAM[:2], sse("error", fault)]

    run = askbox("ask", "May I join?")

    assert (run.code, run.out) == (1, "Yes, \n")
    assert run.err == "error: the model stopped\nremedy: ask again\nrequest: r9\n"


def test_a_stream_that_breaks_off_is_an_error(api: StandIn, askbox: Askbox) -> None:
    api.stream = GOOD_STREAM[:2]

    run = askbox("ask", "May I join?")

    assert (run.code, run.out) == (1, "Yes, \n")
    assert "broke off" in run.err


def test_an_answer_without_tokens_is_printed_all_the_same(api: StandIn, askbox: Askbox) -> None:
    api.stream = [sse("answer", ANSWER)]

    assert askbox("ask", "May I join?").out.startswith("Yes, you can. [1]\n")


def test_what_the_model_and_the_documents_say_cannot_steer_the_terminal(api: StandIn, askbox: Askbox) -> None:
    evil = "\x1b[2J[red]\u202e\r\x9b"
    citation = ANSWER["citations"][0] | {"title": evil, "quote": evil}
    notice = {"part": evil, "code": "x", "detail": evil, "remedy": evil}
    api.stream = streamed(ANSWER | {"answer": evil, "citations": [citation], "degraded": [notice]})

    run = askbox("ask", "May I join?")

    assert not set(run.out) & set("\x1b\u202e\r\x9b")
    assert "[red]" in run.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", " "],
        ["ask", "x", "--temperature", "9"],
        ["ask", "x", "--temperature", "nan"],
        ["ask", "x", "--max-tokens", "100000"],
        ["ask", "x", "--top-k", "0"],
        ["ask", "x", "--top-k", "51"],
        ["ask", "x", "--filter", "course"],
        ["ask", "x", "--filter", "=llm"],
        ["ask", "x", "--collection", "No Such Name"],
        ["ask", "x\udcff"],
        ["ask", "x" * 8_001],
        ["search"],
        ["--timeout", "nan", "ask", "x"],
        ["--url", "nowhere", "ask", "x"],
        ["nonsense"],
    ],
)
def test_wrong_usage_is_said_with_exit_code_2_and_nothing_is_sent(
    api: StandIn, askbox: Askbox, arguments: list[str]
) -> None:
    run = askbox(*arguments)

    assert (run.code, run.out) == (2, "")
    assert run.err.strip()
    assert "Traceback" not in run.err
    assert api.requests == []


def test_search_prints_passages_best_first(askbox: Askbox) -> None:
    run = askbox("search", "join")

    assert run.out == (
        "1. Can I still join? › General  (7.50)\n   faq/1\n   Yes, you can join until the project is due.\n\n"
    )


def test_search_says_when_nothing_was_found(api: StandIn, askbox: Askbox) -> None:
    api.answers["POST /search"] = Answer(200, b'{"hits": []}')

    assert askbox("search", "join").out == "Nothing was found.\n"


def test_search_as_json_gives_the_hits(askbox: Askbox) -> None:
    assert askbox("--json", "search", "join").json == {"hits": [HIT]}
