"""Clients that do not read their streams: the API keeps little for each of them, and answers the others."""

import json

import pytest
from aiohttp import web
from tests.api.model_server import ModelServer, served
from tests.faults.api_process import wait_until
from tests.faults.asking import LLAMA, ask, unread_streams
from tests.faults.conftest import StartApi

pytestmark = [pytest.mark.faults, pytest.mark.slow]

READERS = 64
TOKENS = 20_000
_AT_ONCE = 100
LONG = "Tell all there is about Llama 7B."
MOST_MIB = 100


class LongWinded(ModelServer):
    """Sends 20,000 tokens, more than 6 MB, to whoever asks the long question, and a short answer to others."""

    async def _write(self, request: web.Request, response: web.StreamResponse) -> None:
        asked = await request.json()
        if asked["messages"][-1]["content"].endswith(LONG):
            for _ in range(0, TOKENS, _AT_ONCE):
                await response.write(_event("word " * 40, None) * _AT_ONCE)
            await response.write(_event("", "stop") + b"data: [DONE]\n\n")
        else:
            await super()._write(request, response)


def _event(text: str, finish: str | None) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    event = {"id": "chatcmpl-603", "object": "chat.completion.chunk", "model": "phi3", "choices": [choice]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def test_64_readers_that_do_not_read_take_little_memory_and_nobody_else_waits(start_api: StartApi) -> None:
    with served(LongWinded()) as model_server:
        api = start_api(llm_base_url=model_server.url, generations=READERS + 8, queue=READERS, send_timeout=600)
        api.add(LLAMA)
        assert ask(api.url).json()["model"] == "phi3"
        before = most = api.rss_mib

        with unread_streams(api.port, READERS, LONG):
            wait_until(lambda: api.metric("askbox_questions_running") == READERS, "the streams did not begin")
            answers = 0
            while answers < 100:  # while the buffers fill, and long after
                assert ask(api.url).json()["model"] == "phi3"
                answers += 1
                most = max(most, api.rss_mib)
            assert api.metric("askbox_questions_running") == READERS, "a stream ended although nobody read it"
            most = max(most, api.rss_mib)

        wait_until(api.idle, "the slots were not given back")
        print(f"\n{READERS} unread streams: {before:.0f} MiB before, {most:.0f} MiB at most", end=" ")
        assert most - before < MOST_MIB


def test_readers_that_read_nothing_give_their_slots_back(start_api: StartApi) -> None:
    with served(LongWinded()) as model_server:
        api = start_api(llm_base_url=model_server.url, generations=4, send_timeout=1)
        api.add(LLAMA)

        with unread_streams(api.port, 4, LONG):
            wait_until(lambda: api.metric("askbox_questions_running") == 4, "the streams did not begin")
            wait_until(api.idle, "the slots were not given back")
            assert ask(api.url).json()["model"] == "phi3"
