"""The public surface of `askbox`, and what importing it costs."""

import subprocess
import sys

import pytest

import askbox

PUBLIC = {
    "DEFAULT_TIMEOUT", "DEFAULT_URL", "AnswerEvent", "ApiProblem", "ApiTimedOut", "ApiUnreachable", "AskResponse",
    "AskboxError", "Citation", "Client", "Collection", "CollectionsResponse", "DocumentIn", "DocumentOutcome",
    "DocumentPage", "DocumentRecord", "DocumentsResponse", "ErrorEvent", "Event", "Generation", "Hit", "HitsEvent",
    "InvalidRequest", "Location", "Notice", "PartHealth", "Problem", "Ready", "SearchResponse", "StreamBroken",
    "TokenEvent", "Trace", "Turn", "UnexpectedAnswer", "Version",
}  # fmt: skip


def test_the_public_names_are_these_and_no_others() -> None:
    assert set(askbox.__all__) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(askbox, name) is not None
    assert name in dir(askbox)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = askbox.nonsense


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import askbox", {"httpx2", "pydantic", "typer", "rich"}),
        ("import askbox.schemas", {"httpx2", "typer", "rich"}),
        ("from askbox import Client", {"typer", "rich"}),
        ("import askbox.cli.app", {"httpx2", "pydantic", "rich"}),
    ],
)
def test_an_import_loads_no_more_than_it_needs(statement: str, unwanted: set[str]) -> None:
    program = f"import sys; {statement}; print(*sorted(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert unwanted.isdisjoint(loaded.stdout.split())
