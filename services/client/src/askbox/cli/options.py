"""The options that commands share, and how they are read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from askbox.client import Client


@dataclass(frozen=True, slots=True)
class Options:
    """What was said before the command: where the API is, and how to print."""

    url: str
    timeout: float
    json: bool

    def client(self) -> "Client":
        """A client of that API, to be used in a `with`."""
        from askbox.client import Client

        return Client(self.url, timeout=self.timeout)


def options_of(context: typer.Context) -> Options:
    """The options that stood before the command."""
    assert isinstance(context.obj, Options)
    return context.obj


CollectionOption = Annotated[
    str, typer.Option("--collection", "-c", help="The collection of documents.", metavar="NAME")
]
FilterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        "-f",
        help="Only documents whose metadata say so; may be repeated: values of one field are alternatives.",
        metavar="FIELD=VALUE",
    ),
]
TopKOption = Annotated[int, typer.Option("--top-k", "-k", help="How many passages to retrieve.", min=1)]


def read_filters(given: list[str] | None) -> dict[str, list[str]]:
    """`["course=mlops", "course=llm"]` → `{"course": ["mlops", "llm"]}`. Raises a usage error."""
    filters: dict[str, list[str]] = {}
    for pair in given or []:
        field, separator, value = pair.partition("=")
        if not separator or not field:
            raise typer.BadParameter("write it as field=value", param_hint="--filter")
        filters.setdefault(field, []).append(value)
    return filters
