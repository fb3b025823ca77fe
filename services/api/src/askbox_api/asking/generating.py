"""The second half of a question's path: generate, clean the marks, cite; where the model is missing, extract."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from askbox_api.asking.citing import cite
from askbox_api.asking.extracting import extract
from askbox_api.asking.marks import MarkFilter
from askbox_api.asking.preparing import Prepared
from askbox_api.asking.prompting import PromptFile
from askbox_api.domain import Answer, Citation, Notice, Timings, Usage
from askbox_api.errors import FirstTokenTimedOut, GenerationFailed, ModelNotFound, ModelUnavailable
from askbox_api.models.tokens import TokenEstimator
from askbox_api.ports import LanguageModel


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """Deadlines in seconds: for the first token, and for the whole generation."""

    first_token_timeout: float
    whole_timeout: float


async def generate(
    prepared: Prepared,
    *,
    model: LanguageModel,
    prompt: PromptFile,
    estimator: TokenEstimator,
    settings: GenerationSettings,
    begun: float,
    queue_seconds: float,
) -> AsyncGenerator[str | Answer, None]:
    """Pieces of text that add up to the answer's, then the answer. Closing it ends the generation at the server.

    A model that is absent, refuses, or stays silent until the deadline gives an extractive answer with a notice.
    Raises GenerationFailed where the model stopped after its first token.
    """
    answering = _Answering(prepared, prompt, begun=begun, queue_seconds=queue_seconds)
    if not prepared.hits:
        yield prompt.abstention
        yield answering.answer(prompt.abstention, abstained=True)
        return
    text = ""
    try:
        _refuse_empty_prompt(prepared)
        stream = model.stream(prepared.messages, model=prepared.model, generation=prepared.question.generation)
        marks = MarkFilter(shown={numbered.n for numbered in prepared.shown})
        async with aclosing(_within(stream, prepared.model, settings)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    answering.usage = piece
                elif shown := answering.arrived(marks.feed(piece)):
                    text += shown
                    yield shown
        if shown := marks.finish():
            text += shown
            yield shown
        if not text:
            raise ModelUnavailable(
                f"the model {prepared.model!r} wrote nothing", remedy="Ask again, or name another model."
            )
    except (ModelNotFound, ModelUnavailable) as error:
        notice = Notice(part="model", code=error.code, detail=error.detail, remedy=error.remedy)
        quoted, citations = extract(prepared.question.text, prepared.hits)
        yield quoted
        yield answering.answer(quoted, citations=citations, degraded=(notice,))
        return
    answering.teach(estimator)
    yield answering.written(text)


async def _within(
    stream: AsyncGenerator[str | Usage, None], model: str, settings: GenerationSettings
) -> AsyncGenerator[str | Usage, None]:
    """The stream under its deadlines; closing this closes it."""
    clock = asyncio.get_running_loop().time
    whole = clock() + settings.whole_timeout
    deadline = min(whole, clock() + settings.first_token_timeout)
    silent = True
    try:
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    piece = await anext(stream, None)
            except TimeoutError:
                raise _too_late(model, settings, silent=silent) from None
            if piece is None:
                return
            silent, deadline = False, whole
            yield piece
    finally:
        await stream.aclose()


def _too_late(model: str, settings: GenerationSettings, *, silent: bool) -> Exception:
    if silent:
        return FirstTokenTimedOut(
            f"the model {model!r} said nothing within {settings.first_token_timeout:g} s",
            remedy="Wait until it is loaded, use a smaller model, or raise ASKBOX_FIRST_TOKEN_TIMEOUT.",
        )
    return GenerationFailed(
        f"The answer of {model!r} was not finished within {settings.whole_timeout:g} s.",
        remedy="Lower max_tokens, use a smaller model, or raise ASKBOX_ANSWER_TIMEOUT.",
    )


def _refuse_empty_prompt(prepared: Prepared) -> None:
    if not prepared.shown:
        raise ModelUnavailable(
            f"no passage fits the window of {prepared.window} tokens of {prepared.model!r}",
            remedy="Lower max_tokens, or give the model a larger window.",
        )


class _Answering:
    """What is known of one answer while it is made: when it began, its first token, its usage."""

    def __init__(self, prepared: Prepared, prompt: PromptFile, *, begun: float, queue_seconds: float) -> None:
        self._prepared = prepared
        self._prompt = prompt
        self._begun = begun
        self._queue_seconds = queue_seconds
        self._generation_begun = time.perf_counter()
        self._first: float | None = None
        self.usage: Usage | None = None

    def arrived(self, piece: str) -> str:
        """Note when the first piece came."""
        if self._first is None:
            self._first = time.perf_counter()
        return piece

    def written(self, text: str) -> Answer:
        """The answer that the model wrote: abstained, or cited."""
        abstained = self._prompt.abstains(text)
        citations = () if abstained else cite(text, self._prepared.shown)
        return self.answer(text, citations=citations, model=self._prepared.model, abstained=abstained)

    def answer(
        self,
        text: str,
        *,
        citations: tuple[Citation, ...] = (),
        model: str | None = None,
        abstained: bool = False,
        degraded: tuple[Notice, ...] = (),
    ) -> Answer:
        """The answer as it is now, with its timings."""
        return Answer(
            id=f"ask-{secrets.token_hex(8)}",
            text=text,
            citations=citations,
            hits=self._prepared.hits,
            model=model,
            abstained=abstained,
            degraded=degraded,
            usage=self.usage,
            timings=self._timings(),
            trace=self._prepared.trace() if self._prepared.question.trace else None,
        )

    def teach(self, estimator: TokenEstimator) -> None:
        """Correct the estimate of tokens by what the server counted."""
        read = self.usage.prompt_tokens if self.usage else 0
        # A prompt that filled half its window or more may have been cut by the server: it teaches nothing.
        if 0 < read < self._prepared.window // 2:
            estimator.correct(tuple(message.content for message in self._prepared.messages), read)

    def _timings(self) -> Timings:
        now = time.perf_counter()
        first = self._first
        return Timings(
            queue_ms=_ms(self._queue_seconds),
            search_ms=_ms(self._prepared.search_seconds),
            first_token_ms=_ms(first - self._generation_begun) if first is not None else None,
            generation_ms=_ms(now - self._generation_begun) if first is not None else None,
            total_ms=_ms(now - self._begun),
        )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
