"""What of the passages and the conversation fits the model's window, and what is left out. Whole passages only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from askbox_api.asking.prompting import heading
from askbox_api.domain import Hit, NumberedHit, Turn
from askbox_api.errors import QuestionTooLong

TEMPLATE_TOKENS = 48
"""Reserve for what the chat template puts around the messages."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into the prompt. `tokens` estimates the prompt, without the answer's room."""

    hits: tuple[NumberedHit, ...]
    dropped: tuple[int, ...]
    turns: tuple[Turn, ...]
    dropped_turns: int
    tokens: int


def pack(
    *,
    question: str,
    system: str,
    frame: str,
    hits: Sequence[Hit],
    turns: Sequence[Turn],
    answer_tokens: int,
    window: int,
    estimate: Callable[[str], int],
) -> Packed:
    """Fill the window in order of need: question, answer, first passage, newest turns, further passages.

    A passage that does not fit is passed over for smaller ones after it; hits keep their numbers. All sizes are in
    tokens. Raises QuestionTooLong where question, system prompt and answer alone do not fit.
    """
    used = TEMPLATE_TOKENS + estimate(system) + estimate(frame) + estimate(question)
    room = window - answer_tokens - used
    if room < 0:
        raise QuestionTooLong(
            f"The question needs about {used} tokens and its answer up to {answer_tokens}, "
            f"more than the model's window of {window}.",
            remedy="Ask a shorter question, lower max_tokens, or give the model a larger window.",
        )
    left = room
    sizes = [estimate(hit.passage.text) + estimate(heading(hit)) + 6 for hit in hits]
    kept: list[int] = []
    if sizes and sizes[0] <= left:
        kept.append(0)
        left -= sizes[0]
    newest, left = _newest(turns, left, estimate)
    for index in range(1, len(sizes)):
        if sizes[index] <= left:
            kept.append(index)
            left -= sizes[index]
    return Packed(
        hits=tuple(NumberedHit(index + 1, hits[index]) for index in kept),
        dropped=tuple(index + 1 for index in range(len(hits)) if index not in kept),
        turns=newest,
        dropped_turns=len(turns) - len(newest),
        tokens=used + room - left,
    )


def _newest(turns: Sequence[Turn], left: int, estimate: Callable[[str], int]) -> tuple[tuple[Turn, ...], int]:
    kept: list[Turn] = []
    for turn in reversed(turns):
        size = estimate(turn.content) + 8
        if size > left:
            break
        kept.append(turn)
        left -= size
    # Templates of many models refuse a conversation that the assistant begins.
    while kept and kept[-1].role == "assistant":
        left += estimate(kept.pop().content) + 8
    return tuple(reversed(kept)), left
