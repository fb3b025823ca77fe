"""The path of a question over a whole box: its slot always comes back, and the window is read after an answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.api.model_server import ModelServer

from askbox_api.bootstrap import Box, build
from askbox_api.domain import Answer, Document, Question, Turn
from askbox_api.errors import CollectionNotFound, ModelNotFound, QuestionTooLong
from askbox_api.ingesting.ingesting import NewDocument
from askbox_api.settings import Settings

QUESTION = Question("How much memory does Llama need?")


@pytest.fixture
async def box(tmp_path: Path, model_server: ModelServer) -> AsyncIterator[Box]:
    box = build(Settings(_env_file=None, data_dir=tmp_path, llm_base_url=model_server.url, generations=1, queue=0))
    await box.open()
    await box.ingesting.ingest(
        [NewDocument(Document("llama", "Llama 7B needs about 28 GB of memory."), has_id=True)], collection="default"
    )
    yield box
    await box.close()


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (Question("a", collection="nope"), CollectionNotFound),
        (Question("a", model="nope"), ModelNotFound),
        (Question("memory " * 4_000), QuestionTooLong),
    ],
)
async def test_what_is_refused_gives_its_slot_back(box: Box, question: Question, error: type[Exception]) -> None:
    with pytest.raises(error):
        await box.asking.open(question)

    assert box.asking.slots.busy == 0


async def test_a_question_holds_its_slot_until_it_is_closed_once_or_twice(box: Box) -> None:
    opened = await box.asking.open(QUESTION)
    answer = await opened.answer()
    assert await opened.next() is None
    assert box.asking.slots.busy == 1

    await opened.close()
    await opened.close()

    assert box.asking.slots.busy == 0
    assert answer.text == "Llama 7B needs about 28 GB [1]."


async def test_closing_early_ends_the_generation(box: Box, model_server: ModelServer) -> None:
    model_server.tokens, model_server.token_delay = [" word"] * 100_000, 0.01
    opened = await box.asking.open(QUESTION)
    assert isinstance(await opened.next(), str)

    await opened.close()

    await asyncio.to_thread(_wait_until, lambda: not model_server.running)
    assert box.asking.slots.busy == 0


async def test_a_question_cancelled_while_it_waits_for_the_model_gives_its_slot_back(
    box: Box, model_server: ModelServer
) -> None:
    model_server.first_token_delay = 600
    opened = await box.asking.open(QUESTION)
    reading = asyncio.create_task(opened.answer())
    await asyncio.to_thread(_wait_until, lambda: model_server.running == 1)

    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await opened.close()

    assert reading.cancelled()
    assert box.asking.slots.busy == 0


async def test_after_an_answer_the_real_window_is_known(box: Box, model_server: ModelServer) -> None:
    model_server.window = 2_048
    windows = [await _window(box)]

    async with asyncio.timeout(20):
        while windows[-1] == windows[0]:
            windows.append(await _window(box))

    assert (windows[0], windows[-1]) == (4_096, 2_048)


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen within twenty seconds"
        time.sleep(0.01)


async def _window(box: Box) -> int:
    opened = await box.asking.open(Question(QUESTION.text, trace=True))
    try:
        answer: Answer = await opened.answer()
    finally:
        await opened.close()
    assert answer.trace is not None
    return answer.trace.window


async def test_a_conversation_is_searched_with_the_question_before(box: Box) -> None:
    opened = await box.asking.open(
        Question("And Falcon?", history=(Turn("user", "Memory of Llama?"), Turn("assistant", "28 GB.")))
    )

    assert [hit.passage.document_id for hit in opened.hits] == ["llama"]
    await opened.close()
