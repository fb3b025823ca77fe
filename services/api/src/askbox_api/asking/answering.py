"""The path of a question: take a slot, prepare what may be refused, then answer; the slot goes back at the end."""

import asyncio
import time
from collections.abc import AsyncGenerator

from askbox_api.asking.generating import GenerationSettings, generate
from askbox_api.asking.preparing import Prepared, Preparing
from askbox_api.asking.prompting import PromptFile
from askbox_api.asking.slots import Slots
from askbox_api.domain import Answer, Hit, Question
from askbox_api.models.window import Windows
from askbox_api.ports import LanguageModel


class Asking:
    """Answers questions. One instance serves all of them."""

    def __init__(
        self,
        *,
        preparing: Preparing,
        model: LanguageModel,
        slots: Slots,
        windows: Windows,
        prompt: PromptFile,
        settings: GenerationSettings,
    ) -> None:
        self._preparing = preparing
        self._model = model
        self.slots = slots
        self._windows = windows
        self._prompt = prompt
        self._settings = settings
        self._background: set[asyncio.Task[None]] = set()

    async def open(self, question: Question) -> "OpenQuestion":
        """Do all that may still be refused. What is returned holds a slot until it is closed.

        Raises Overloaded, ModelNotFound, CollectionNotFound, StoreUnavailable, QuestionTooLong.
        """
        begun = time.perf_counter()
        queue_seconds = await self.slots.acquire()
        try:
            prepared = await self._preparing.prepare(question)
        except BaseException:
            self.slots.release()
            raise
        events = generate(
            prepared,
            model=self._model,
            prompt=self._prompt,
            estimator=self._preparing.estimator(prepared.model),
            settings=self._settings,
            begun=begun,
            queue_seconds=queue_seconds,
        )
        return OpenQuestion(self, prepared, events)

    def closed(self, prepared: Prepared, *, answered: bool) -> None:
        """Give the slot back; after an answer, read the model's window again where it is due."""
        self.slots.release()
        if answered and self._windows.stale(prepared.model):
            task = asyncio.create_task(self._windows.refresh(prepared.model))
            self._background.add(task)
            task.add_done_callback(self._background.discard)


class OpenQuestion:
    """A question that holds a slot. Read its events once, or its answer, and close it whatever happened."""

    def __init__(self, asking: Asking, prepared: Prepared, events: AsyncGenerator[str | Answer, None]) -> None:
        self._asking = asking
        self._prepared = prepared
        self._events = events
        self._open = True
        self._answered = False

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The passages the answer will rest on, best first."""
        return self._prepared.hits

    async def next(self) -> str | Answer | None:
        """The next piece of the answer's text; then the whole answer; then None.

        Raises GenerationFailed where the model stopped after its first token.
        """
        event = await anext(self._events, None)
        if isinstance(event, Answer):
            self._answered = event.model is not None
        return event

    async def answer(self) -> Answer:
        """The whole answer, when it is there. Raises as `next` does."""
        while not isinstance(event := await self.next(), Answer):
            pass
        return event

    async def close(self) -> None:
        """End the generation if it still runs, and give the slot back. May be called again."""
        if self._open:
            self._open = False
            try:
                await self._events.aclose()
            finally:
                self._asking.closed(self._prepared, answered=self._answered)
