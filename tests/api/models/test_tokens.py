"""Token estimates: from above, and corrected by what was counted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askbox_api.models.tokens import FIRST_RATIO, MESSAGE_TOKENS, TokenEstimator

ENGLISH = "How much GPU memory does Llama 7B need? " * 20


@pytest.fixture
def estimator() -> TokenEstimator:
    return TokenEstimator()


@settings(deadline=None, max_examples=200)
@given(st.text(), st.text(), st.integers(50, 1_000))
def test_the_whole_is_at_least_each_part_and_at_most_their_sum(first: str, second: str, counted: int) -> None:
    estimator = TokenEstimator()
    estimator.correct((ENGLISH,), counted)

    whole = estimator.estimate(first + second)

    assert max(estimator.estimate(first), estimator.estimate(second)) <= whole
    assert whole <= estimator.estimate(first) + estimator.estimate(second)


@settings(deadline=None, max_examples=200)
@given(text=st.text(min_size=1, max_size=300), share=st.floats(0.25, 1.0))
def test_after_a_correction_the_same_prompt_is_never_underestimated(text: str, share: float) -> None:
    estimator = TokenEstimator()
    prompt = (ENGLISH, text)
    counted = int(len("".join(prompt).encode()) * share)

    estimator.correct(prompt, counted)

    assert sum(estimator.estimate(part) + MESSAGE_TOKENS for part in prompt) >= counted


def test_every_byte_beyond_ascii_counts_as_a_token(estimator: TokenEstimator) -> None:
    assert estimator.estimate("é" * 10) == 21
    assert estimator.estimate("字" * 10) == 31
    assert estimator.estimate("😀" * 10) == 41
    assert estimator.estimate("\ud800") == 4


def test_before_anything_was_counted_the_ratio_is_lean(estimator: TokenEstimator) -> None:
    assert estimator.estimate("a" * 2_000) == 910 == int(2_000 / FIRST_RATIO) + 1
    assert estimator.estimate("") == 1


def test_what_was_counted_makes_the_estimate_closer(estimator: TokenEstimator) -> None:
    before = estimator.estimate(ENGLISH)

    estimator.correct((ENGLISH,), len(ENGLISH) // 4)

    assert len(ENGLISH) // 4 <= estimator.estimate(ENGLISH) < before


def test_the_leanest_of_the_last_prompts_counts(estimator: TokenEstimator) -> None:
    estimator.correct((ENGLISH,), len(ENGLISH) // 2)
    lean = estimator.estimate(ENGLISH)
    for _ in range(31):
        estimator.correct((ENGLISH,), len(ENGLISH) // 4)
    assert estimator.estimate(ENGLISH) == lean

    estimator.correct((ENGLISH,), len(ENGLISH) // 4)
    assert estimator.estimate(ENGLISH) < lean


@pytest.mark.parametrize(
    ("texts", "counted"), [(("a" * 199,), 500), ((ENGLISH,), 0), ((ENGLISH,), 8), (("字" * 300,), 200)]
)
def test_prompts_that_say_little_teach_nothing(estimator: TokenEstimator, texts: tuple[str, ...], counted: int) -> None:
    estimator.correct(texts, counted)

    assert estimator.estimate("a" * 2_000) == 910


@pytest.mark.parametrize("counted", [9, 10**9])
def test_absurd_counts_are_bounded(estimator: TokenEstimator, counted: int) -> None:
    estimator.correct((ENGLISH,), counted)

    assert 250 <= estimator.estimate("a" * 1_000) <= 1_001
