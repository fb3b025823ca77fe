"""The two stores give the same hits for the same words, so what is measured on one holds on the other."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from scripts.bench.parity import FIRST_SAME, TEN_SHARED, Question, agreement, one_passage
from tests.contracts.conftest import MakeStore

from askbox_api.domain import ChunkedDocument
from askbox_api.ports import PassageStore

HANDBOOK = Path(__file__).parents[2] / "docs" / "handbook"
FIRST_SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)


@pytest.fixture
async def stores(
    make_embedded: MakeStore, make_elasticsearch: MakeStore
) -> AsyncIterator[tuple[PassageStore, PassageStore]]:
    embedded, elasticsearch = make_embedded(), make_elasticsearch()
    await embedded.open()
    await elasticsearch.open()
    yield embedded, elasticsearch
    await elasticsearch.close()
    await embedded.close()


@pytest.fixture
def handbook() -> tuple[list[ChunkedDocument], list[Question]]:
    """Each paragraph of our own pages as a passage; each heading and each first sentence as a question."""
    documents: list[ChunkedDocument] = []
    questions: list[Question] = []
    for page in sorted(HANDBOOK.glob("*.md")):
        title, heading = page.stem, ""
        for number, block in enumerate(re.split(r"\n{2,}", page.read_text())):
            if block.startswith("#"):
                heading = block.lstrip("# ")
                title = heading if number == 0 else title
                questions.append(Question(heading, {}))
            else:
                id_ = f"{page.stem} {number}"
                documents.append(
                    one_passage(id_, block, title=title, headings=(heading,), metadata={"page": page.stem})
                )
                found = FIRST_SENTENCE.match(block)
                questions.append(Question(found[0] if found else block, {}))
    return documents, questions


async def test_both_stores_find_the_same_in_the_handbook(
    stores: tuple[PassageStore, PassageStore], handbook: tuple[list[ChunkedDocument], list[Question]]
) -> None:
    documents, questions = handbook
    assert len(questions) > 100

    result = await agreement(stores, documents, questions)

    assert result.first_same >= FIRST_SAME
    assert result.ten_shared >= TEN_SHARED
