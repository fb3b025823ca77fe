"""An answer without a model: the passage's own words, cut at sentences."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.asking.conftest import MakeHits

from askbox_api.asking.extracting import LONGEST, extract

TEXTS = st.text(min_size=1) | st.lists(
    st.sampled_from(["Llama", "needs.", "28", "GB!", "\n", "x" * 700, "  ", "。", "memory"]), min_size=1, max_size=300
).map(" ".join)


@settings(deadline=None, max_examples=200)
@given(question=st.text(max_size=40), text=TEXTS, start=st.integers(0, 50))
def test_the_quote_is_the_text_at_its_offsets_and_not_too_long(
    question: str, text: str, start: int, make_hits: MakeHits
) -> None:
    answer, (citation,) = extract(question, make_hits(text, "other", start=start))

    assert citation.quote == text[citation.start - start : citation.end - start]
    assert len(citation.quote) <= LONGEST
    assert answer == f"{citation.quote} [1]"
    assert (citation.n, citation.inferred) == (1, False)


def test_a_short_passage_is_quoted_whole(make_hits: MakeHits) -> None:
    answer, _ = extract("zebra", make_hits("A zebra has stripes. It lives in Africa."))

    assert answer == "A zebra has stripes. It lives in Africa. [1]"


def test_of_a_long_passage_the_sentences_from_the_best_one_on_are_quoted(make_hits: MakeHits) -> None:
    noise = "This sentence says nothing of it. " * 30
    text = f"{noise}Falcon 40B needs 90 GB. {noise}"

    _, (citation,) = extract("How much does Falcon 40B need?", make_hits(text))

    assert citation.quote.startswith("Falcon 40B needs 90 GB. This sentence")
    assert citation.quote.endswith("of it.")
    assert LONGEST - 40 < len(citation.quote) <= LONGEST


def test_a_sentence_that_is_too_long_is_cut_between_words(make_hits: MakeHits) -> None:
    _, (citation,) = extract("word", make_hits("word " * 400))

    assert citation.quote.split(" ") == ["word"] * len(citation.quote.split(" "))
