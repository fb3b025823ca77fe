"""The first half of a question's path, all that may still be refused: retrieve, pack, prompt."""

import time
from dataclasses import dataclass

from askbox_api.asking.packing import Packed, pack
from askbox_api.asking.prompting import PromptFile, messages
from askbox_api.asking.retrieving import query_of, retrieve
from askbox_api.domain import Hit, Message, NumberedHit, Question, Trace
from askbox_api.errors import ModelNotFound
from askbox_api.models.tokens import TokenEstimator
from askbox_api.models.window import Windows
from askbox_api.ports import LanguageModel, PassageStore


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question with all that its answer rests on, before the first token. Without hits nothing is packed."""

    question: Question
    model: str
    hits: tuple[Hit, ...]
    packed: Packed | None
    messages: tuple[Message, ...]
    window: int
    search_seconds: float

    @property
    def shown(self) -> tuple[NumberedHit, ...]:
        """The hits that the prompt holds."""
        return self.packed.hits if self.packed else ()

    def trace(self) -> Trace:
        """How this came about, for those who ask."""
        packed = self.packed
        return Trace(
            query=query_of(self.question),
            kept=tuple(numbered.n for numbered in self.shown),
            dropped=packed.dropped if packed else (),
            dropped_turns=packed.dropped_turns if packed else 0,
            messages=self.messages,
            window=self.window,
            estimated_tokens=packed.tokens if packed else 0,
        )


class Preparing:
    """Prepares questions. One instance serves all of them, and learns how each model counts tokens."""

    def __init__(
        self,
        *,
        store: PassageStore,
        model: LanguageModel,
        default_model: str,
        windows: Windows,
        prompt: PromptFile,
    ) -> None:
        self._store = store
        self._model = model
        self._default_model = default_model
        self._windows = windows
        self._prompt = prompt
        self._estimators: dict[str, TokenEstimator] = {}

    async def prepare(self, question: Question) -> Prepared:
        """Raises ModelNotFound, QuestionTooLong, and what the store's search raises."""
        await self._refuse_unknown(question.model)
        begun = time.perf_counter()
        hits = tuple(await retrieve(question, self._store))
        search_seconds = time.perf_counter() - begun
        model = question.model or self._default_model
        window = self._windows.of(model)
        packed, sent = self._pack(question, hits, model=model, window=window) if hits else (None, ())
        return Prepared(question, model, hits, packed, sent, window, search_seconds)

    def estimator(self, model: str) -> TokenEstimator:
        """How this model counts tokens, as far as it is known."""
        return self._estimators.setdefault(model, TokenEstimator())

    def _pack(
        self, question: Question, hits: tuple[Hit, ...], *, model: str, window: int
    ) -> tuple[Packed, tuple[Message, ...]]:
        own = question.generation.system_prompt
        system = self._prompt.system if own is None else own
        packed = pack(
            question=question.text,
            system=system,
            frame=self._prompt.frame,
            hits=hits,
            turns=question.history,
            answer_tokens=question.generation.max_tokens,
            window=window,
            estimate=self.estimator(model).estimate,
        )
        sent = messages(self._prompt, question.text, hits=packed.hits, turns=packed.turns, system=system)
        return packed, sent

    async def _refuse_unknown(self, model: str | None) -> None:
        if model is not None and await self._model.has(model) is False:
            raise ModelNotFound(
                f"The model {model!r} is not installed.",
                remedy=f"Get it with `ollama pull {model}`, or leave the model out to use {self._default_model}.",
            )
