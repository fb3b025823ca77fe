"""What fits the window: never more than it holds, and the needed first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.asking.conftest import MakeHits

from askbox_api.asking.packing import TEMPLATE_TOKENS, Packed, pack
from askbox_api.asking.prompting import PROMPTS, PromptFile, messages
from askbox_api.domain import Turn
from askbox_api.errors import QuestionTooLong
from askbox_api.models.tokens import MESSAGE_TOKENS, TokenEstimator

SIZES = st.integers(1, 400)


def packed(
    make_hits: MakeHits,
    *,
    hits: list[int],
    turns: list[int],
    window: int,
    question: int = 10,
    system: int = 10,
    answer: int = 50,
) -> Packed:
    """Everything is given by its size; a letter is a token."""
    return pack(
        question="q" * question,
        system="s" * system,
        frame="",
        hits=make_hits(*("h" * size for size in hits)),
        turns=[Turn("user", "t" * size) for size in turns],
        answer_tokens=answer,
        window=window,
        estimate=len,
    )


@settings(deadline=None, max_examples=300)
@given(
    hits=st.lists(SIZES, max_size=8),
    turns=st.lists(SIZES, max_size=6),
    window=st.integers(0, 2_000),
    answer=SIZES,
    question=SIZES,
)
def test_what_is_kept_fits_and_is_whole(
    hits: list[int], turns: list[int], window: int, answer: int, question: int, make_hits: MakeHits
) -> None:
    alone = TEMPLATE_TOKENS + 10 + question
    if alone + answer > window:
        with pytest.raises(QuestionTooLong):
            packed(make_hits, hits=hits, turns=turns, window=window, answer=answer, question=question)
        return

    result = packed(make_hits, hits=hits, turns=turns, window=window, answer=answer, question=question)

    sizes = [len(kept.hit.passage.text) for kept in result.hits] + [len(turn.content) for turn in result.turns]
    assert alone + sum(sizes) <= result.tokens <= window - answer
    numbers = [kept.n for kept in result.hits]
    assert numbers == sorted(numbers)
    assert sorted([*numbers, *result.dropped]) == list(range(1, len(hits) + 1))
    assert [len(kept.hit.passage.text) for kept in result.hits] == [hits[n - 1] for n in numbers]
    assert [len(turn.content) for turn in result.turns] == turns[result.dropped_turns :]


@settings(deadline=None, max_examples=60)
@given(
    texts=st.lists(st.text(min_size=1, max_size=200), max_size=5) | st.integers(1, 50).map(lambda count: ["a"] * count),
    history=st.lists(st.text(max_size=80), max_size=4),
    lean=st.booleans(),
)
def test_the_prompt_as_it_is_sent_is_estimated_within_the_window(
    texts: list[str], history: list[str], lean: bool, make_hits: MakeHits
) -> None:
    prompt, estimator = PromptFile(PROMPTS / "chat.jinja"), TokenEstimator()
    if lean:
        estimator.correct(("a" * 1_000,), 1_000)
    turns = [Turn("user", text) for text in history]

    result = pack(
        question="why?",
        system=prompt.system,
        frame=prompt.frame,
        hits=make_hits(*texts),
        turns=turns,
        answer_tokens=100,
        window=2_000,
        estimate=estimator.estimate,
    )
    sent = messages(prompt, "why?", hits=result.hits, turns=result.turns, system=prompt.system)

    assert sum(estimator.estimate(message.content) + MESSAGE_TOKENS for message in sent) <= result.tokens <= 1_900


def test_the_first_passage_comes_before_turns_and_those_before_further_passages(make_hits: MakeHits) -> None:
    room = TEMPLATE_TOKENS + 20 + 50
    first, turn = 100 + 6, 100 + 8

    def kept(window: int) -> tuple[list[int], int]:
        result = packed(make_hits, hits=[100, 100], turns=[100], window=window)
        return [hit.n for hit in result.hits], len(result.turns)

    assert kept(room + first) == ([1], 0)
    assert kept(room + first + turn) == ([1], 1)
    assert kept(room + 2 * first + turn) == ([1, 2], 1)


def test_a_passage_too_large_is_passed_over_for_smaller_ones_and_numbers_stay(make_hits: MakeHits) -> None:
    result = packed(make_hits, hits=[900, 10, 900, 10], turns=[], window=300)

    assert [hit.n for hit in result.hits] == [2, 4]
    assert result.dropped == (1, 3)


def test_the_oldest_turns_go_first_and_none_is_skipped(make_hits: MakeHits) -> None:
    result = packed(make_hits, hits=[], turns=[5, 500, 5, 6], window=300)

    assert [len(turn.content) for turn in result.turns] == [5, 6]
    assert result.dropped_turns == 2


def test_a_question_too_long_says_the_numbers_and_not_the_question(make_hits: MakeHits) -> None:
    with pytest.raises(QuestionTooLong, match=r"568 tokens .* 50, .* window of 600") as error:
        packed(make_hits, hits=[], turns=[], question=510, window=600)

    assert "qqq" not in error.value.detail
    assert "max_tokens" in error.value.remedy


def test_a_conversation_that_is_kept_never_begins_with_the_assistant(make_hits: MakeHits) -> None:
    turns = [Turn("user", "u" * 400), Turn("assistant", "a" * 50), Turn("user", "b" * 50)]

    result = pack(question="q", system="s", frame="", hits=[], turns=turns, answer_tokens=50, window=300, estimate=len)

    assert [turn.content[0] for turn in result.turns] == ["b"]
    assert result.dropped_turns == 2
