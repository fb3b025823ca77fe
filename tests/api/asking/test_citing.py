"""Which sentence stands behind which: every quote is the document's own words at its offsets."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.asking.conftest import MakeHits

from askbox_api.asking import citing
from askbox_api.domain import Citation, Hit, NumberedHit


def cite(answer: str, hits: Sequence[Hit]) -> tuple[Citation, ...]:
    return citing.cite(answer, [NumberedHit(n, hit) for n, hit in enumerate(hits, start=1)])


LLAMA = "Llama 7B needs about 28 GB of memory. Falcon 40B needs about 90 GB."
ZEBRA = "A zebra has stripes. It lives in Africa."

WORDS = st.lists(
    st.sampled_from(["Llama", "needs", "28", "GB", "memory.", "Falcon", "zebra", "[1]", "[2]", "[1, 2].", "[7]", "\n"]),
    max_size=20,
).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(answer=WORDS | st.text(), texts=st.lists(WORDS | st.text(), max_size=4), start=st.integers(0, 50))
def test_every_quote_is_the_text_at_its_offsets(answer: str, texts: list[str], start: int, make_hits: MakeHits) -> None:
    hits = make_hits(*texts, start=start, title="Falcon")

    citations = cite(answer, hits)

    for citation in citations:
        passage = hits[citation.n - 1].passage
        assert 1 <= citation.n <= len(hits)
        assert citation.quote == passage.text[citation.start - start : citation.end - start]
        assert (citation.document_id, citation.passage_id) == (passage.document_id, passage.id)
    assert len(set(citations)) == len(citations)
    assert len({citation.inferred for citation in citations}) <= 1


def test_a_mark_points_to_the_sentence_that_shares_most_words(make_hits: MakeHits) -> None:
    (citation,) = cite("Falcon 40B takes 90 GB [1].", make_hits(LLAMA))

    assert citation.quote == "Falcon 40B needs about 90 GB."
    assert not citation.inferred


def test_offsets_count_from_the_start_of_the_document(make_hits: MakeHits) -> None:
    (citation,) = cite("It lives in Africa [1].", make_hits(ZEBRA, start=1_000))

    assert (citation.start, citation.end) == (1_021, 1_040)


@pytest.mark.parametrize(
    "answer",
    [
        "Falcon needs 90 GB [1]. A zebra has stripes [2].",
        "Falcon needs 90 GB. [1] A zebra has stripes. [2]",
        "Falcon needs 90 GB.[1] A zebra has stripes.[2]",
        "- Falcon needs 90 GB [1]\n- A zebra has stripes [2]",
        "Falcon [1] needs 90 GB. 【2】 has the stripes.",
    ],
)
def test_each_mark_belongs_to_its_own_sentence(answer: str, make_hits: MakeHits) -> None:
    first, second = cite(answer, make_hits(LLAMA, ZEBRA))

    assert (first.n, first.quote) == (1, "Falcon 40B needs about 90 GB.")
    assert (second.n, second.quote) == (2, "A zebra has stripes.")


def test_one_mark_with_two_numbers_gives_two_citations(make_hits: MakeHits) -> None:
    assert [citation.n for citation in cite("Both say it [2, 1].", make_hits(LLAMA, ZEBRA))] == [2, 1]


def test_the_same_sentence_is_cited_once_where_it_was_named_first(make_hits: MakeHits) -> None:
    answer = "Llama needs 28 GB [1]. A zebra has stripes [2]. Llama needs 28 GB [1]."

    assert [citation.n for citation in cite(answer, make_hits(LLAMA, ZEBRA))] == [1, 2]


def test_a_mark_without_any_shared_word_points_to_the_first_sentence(make_hits: MakeHits) -> None:
    (citation,) = cite("[1]", make_hits(LLAMA))

    assert citation.quote == "Llama 7B needs about 28 GB of memory."


def test_without_marks_sentences_are_matched_by_their_words(make_hits: MakeHits) -> None:
    citations = cite("Zebras live in Africa. Falcon 40B needs 90 GB. Nobody knows xylophones better.", make_hits(LLAMA))

    assert [(citation.quote, citation.inferred) for citation in citations] == [("Falcon 40B needs about 90 GB.", True)]


def test_one_mark_is_enough_for_nothing_to_be_inferred(make_hits: MakeHits) -> None:
    citations = cite("Falcon 40B needs 90 GB. A zebra has stripes [2].", make_hits(LLAMA, ZEBRA))

    assert [(citation.n, citation.inferred) for citation in citations] == [(2, False)]


def test_numbers_that_no_hit_has_point_nowhere(make_hits: MakeHits) -> None:
    assert cite("So [٠] it [0] is [3].", make_hits(LLAMA, ZEBRA)) == ()


def test_without_hits_nothing_is_cited(make_hits: MakeHits) -> None:
    assert cite("Falcon 40B needs 90 GB [1]. Llama 7B needs 28 GB.", make_hits()) == ()


def test_a_hit_that_the_model_has_not_read_is_never_cited(make_hits: MakeHits) -> None:
    llama, zebra = make_hits(LLAMA, ZEBRA)

    assert citing.cite("A zebra has stripes [2].", [NumberedHit(1, llama)]) == ()
    assert citing.cite("A zebra has stripes and lives.", [NumberedHit(1, llama)]) == ()
    assert [one.n for one in citing.cite("A zebra has stripes [2].", [NumberedHit(2, zebra)])] == [2]
