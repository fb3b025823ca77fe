"""The second half of a question's path, on a model that does what a test says."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest
from tests.api.asking.conftest import MakeHits

from askbox_api.asking.generating import GenerationSettings, generate
from askbox_api.asking.packing import pack
from askbox_api.asking.preparing import Prepared
from askbox_api.asking.prompting import PROMPTS, PromptFile, messages
from askbox_api.domain import Answer, Generation, Message, PartHealth, Question, Usage
from askbox_api.errors import GenerationFailed, ModelUnavailable
from askbox_api.models.tokens import TokenEstimator

LLAMA = "Llama 7B needs about 28 GB of memory."


class Model:
    """Says its pieces; an exception among them is raised, a number is a silence in seconds."""

    def __init__(self, *pieces: str | Usage | float | Exception) -> None:
        self.pieces = pieces
        self.ended = False

    async def stream(
        self, messages: Sequence[Message], *, model: str, generation: Generation
    ) -> AsyncGenerator[str | Usage, None]:
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                else:
                    yield piece
        finally:
            self.ended = True

    async def has(self, model: str) -> bool | None:
        return True

    async def window(self, model: str) -> int | None:
        return None

    async def check(self, model: str) -> PartHealth:
        return PartHealth("model", True, "")

    async def close(self) -> None:
        return None


@pytest.fixture(scope="session")
def prompt() -> PromptFile:
    return PromptFile(PROMPTS / "chat.jinja")


@pytest.fixture
def estimator() -> TokenEstimator:
    return TokenEstimator()


Events = Callable[..., AsyncGenerator[str | Answer, None]]


@pytest.fixture
def events(prompt: PromptFile, estimator: TokenEstimator, make_hits: MakeHits) -> Events:
    """The events of a question on these texts, from this model."""

    def make(
        model: Model, *texts: str, window: int = 4_096, first: float = 60, whole: float = 60
    ) -> AsyncGenerator[str | Answer, None]:
        question = Question("How much memory does Llama 7B need?", trace=True)
        hits = make_hits(*texts)
        packed = pack(
            question=question.text,
            system=prompt.system,
            frame=prompt.frame,
            hits=hits,
            turns=(),
            answer_tokens=100,
            window=window,
            estimate=estimator.estimate,
        )
        sent = messages(prompt, question.text, hits=packed.hits, turns=(), system=prompt.system)
        return generate(
            Prepared(question, "phi3", tuple(hits), packed, sent, window, search_seconds=0.0),
            model=model,
            prompt=prompt,
            estimator=estimator,
            settings=GenerationSettings(first_token_timeout=first, whole_timeout=whole),
            begun=0.0,
            queue_seconds=0.0,
        )

    return make


async def told(events: AsyncGenerator[str | Answer, None]) -> Answer:
    """The answer; the pieces before it must add up to its text."""
    *pieces, answer = [event async for event in events]
    assert isinstance(answer, Answer)
    assert "".join(str(piece) for piece in pieces) == answer.text
    return answer


async def test_pieces_add_up_to_a_cited_answer_with_its_usage(events: Events) -> None:
    answer = await told(events(Model(" Llama needs", " 28 GB [", "1]", " [7]. ", Usage(300, 9)), LLAMA))

    assert answer.text == "Llama needs 28 GB [1]."
    assert [citation.quote for citation in answer.citations] == [LLAMA]
    assert (answer.model, answer.usage, answer.degraded) == ("phi3", Usage(300, 9), ())
    assert answer.timings.first_token_ms is not None


async def test_what_the_server_counted_corrects_the_estimate(events: Events, estimator: TokenEstimator) -> None:
    before = estimator.estimate("a" * 1_000)

    answer = await told(events(Model("28 GB.", Usage(200, 9)), LLAMA))

    assert answer.trace is not None
    assert answer.trace.estimated_tokens > 200
    assert estimator.estimate("a" * 1_000) < before


@pytest.mark.parametrize("counted", [2_048, 4_096, 0])
async def test_a_prompt_that_may_have_been_cut_teaches_nothing(
    events: Events, estimator: TokenEstimator, counted: int
) -> None:
    before = estimator.estimate("a" * 1_000)

    await told(events(Model("28 GB.", Usage(counted, 9)), LLAMA))

    assert estimator.estimate("a" * 1_000) == before


async def test_without_hits_the_model_is_not_asked(events: Events, prompt: PromptFile) -> None:
    answer = await told(events(Model(AssertionError("asked"))))

    assert (answer.text, answer.abstained, answer.model, answer.citations) == (prompt.abstention, True, None, ())
    assert answer.timings.first_token_ms is None


async def test_where_no_passage_fits_the_best_is_quoted_and_the_window_named(events: Events) -> None:
    answer = await told(events(Model(AssertionError("asked")), "word " * 400, window=600))

    assert answer.model is None
    assert "600 tokens" in answer.degraded[0].detail


@pytest.mark.parametrize("pieces", [(), (" ", "\n"), ("[9]",), (Usage(5, 0),)])
async def test_a_model_that_writes_nothing_is_replaced_by_a_quote(
    events: Events, pieces: tuple[str | Usage, ...]
) -> None:
    answer = await told(events(Model(*pieces), LLAMA))

    assert answer.text == f"{LLAMA} [1]"
    assert "'phi3' wrote nothing" in answer.degraded[0].detail


async def test_a_model_that_refuses_is_replaced_by_a_quote(events: Events) -> None:
    answer = await told(events(Model(ModelUnavailable("not there", remedy="start it")), LLAMA))

    (notice,) = answer.degraded
    assert (notice.part, notice.code, notice.detail, notice.remedy) == (
        "model",
        "model_unavailable",
        "not there",
        "start it",
    )
    assert answer.model is None


async def test_silence_before_the_first_token_is_replaced_by_a_quote(events: Events) -> None:
    model = Model(3_600.0, "late")

    answer = await told(events(model, LLAMA, first=0.01))

    assert answer.degraded[0].code == "first_token_timed_out"
    assert model.ended


async def test_an_answer_that_is_not_finished_in_time_is_a_failure(events: Events) -> None:
    model = Model("begun ", 3_600.0)

    with pytest.raises(GenerationFailed, match=r"not finished within 0\.5 s"):
        await told(events(model, LLAMA, whole=0.5))

    assert model.ended


async def test_a_failure_after_the_first_token_is_no_answer(events: Events) -> None:
    with pytest.raises(GenerationFailed, match="cut"):
        await told(events(Model("begun", GenerationFailed("cut")), LLAMA))


async def test_closing_ends_the_generation(events: Events) -> None:
    model = Model("begun", 3_600.0)
    open_events = events(model, LLAMA)
    assert await anext(open_events) == "begun"

    await open_events.aclose()

    assert model.ended
