"""What the path of a question is tested with: hits made from texts."""

from collections.abc import Callable

import pytest

from askbox_api.domain import Hit, Passage

MakeHits = Callable[..., list[Hit]]


def _hits(*texts: str, title: str = "", start: int = 0) -> list[Hit]:
    return [
        Hit(
            Passage(
                id=f"p{number}",
                document_id=f"d{number}",
                position=0,
                title=title,
                headings=(),
                text=text,
                start=start,
                end=start + len(text),
            ),
            score=1.0,
            ranks={"text": number},
        )
        for number, text in enumerate(texts, start=1)
    ]


@pytest.fixture(scope="session")
def make_hits() -> MakeHits:
    """One hit a text; `start` is where each passage begins in its document."""
    return _hits
