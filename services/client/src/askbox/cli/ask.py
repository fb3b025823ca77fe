"""`askbox ask` and `askbox search`."""

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askbox.cli.options import CollectionOption, FilterOption, TopKOption, options_of, read_filters
from askbox.cli.printing import say, say_json

if TYPE_CHECKING:
    from askbox.client import Client
    from askbox.schemas import AskResponse


def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="The question; `-` reads it from standard input.")],
    collection: CollectionOption = "default",
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="The model that answers, if not the default one.")
    ] = None,
    top_k: TopKOption = 5,
    filter: FilterOption = None,
    temperature: Annotated[
        float | None, typer.Option(help="How freely the model picks its words, 0 to 2.", min=0, max=2)
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(help="The longest answer, in tokens of the model.", min=1)] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed gives the same answer, if the model's server can.", min=0)
    ] = None,
    system_prompt: Annotated[str | None, typer.Option(help="What the model is told before everything else.")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Show how the answer came about.")] = False,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="Print the answer once it is whole.")] = False,
) -> None:
    """Ask the documents a question.

    The answer comes with the passages that it rests on.
    """
    from askbox.cli.presenting import present_basis

    options = options_of(context)
    request = {
        "collection": collection,
        "model": model,
        "filters": read_filters(filter),
        "top_k": top_k,
        "generation": _generation(
            temperature=temperature, max_tokens=max_tokens, seed=seed, system_prompt=system_prompt
        ),
        "trace": trace,
    }
    with options.client() as client:
        text = _read_question() if question == "-" else question
        if options.json:
            say_json(client.ask(text, **request))
        elif no_stream:
            answer = client.ask(text, **request)
            say(answer.answer)
            present_basis(answer)
        else:
            present_basis(_streamed(client, text, request))


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="The words to search for.")],
    collection: CollectionOption = "default",
    top_k: TopKOption = 5,
    filter: FilterOption = None,
) -> None:
    """Find the passages that fit some words best.

    No model is asked.
    """
    from askbox.cli.presenting import present_hits

    options = options_of(context)
    with options.client() as client:
        found = client.search(query, collection=collection, filters=read_filters(filter), top_k=top_k)
    if options.json:
        say_json(found)
    else:
        present_hits(found.hits)


def _streamed(client: "Client", question: str, request: dict[str, Any]) -> "AskResponse":
    from askbox.answers import as_error
    from askbox.errors import StreamBroken
    from askbox.schemas import AnswerEvent, ErrorEvent, TokenEvent

    written = False
    with closing(client.ask_stream(question, **request)) as events:
        try:
            for event in events:
                match event:
                    case TokenEvent():
                        written = True
                        say(event.text, end="")
                    case AnswerEvent():
                        if not written:
                            written = True
                            say(event.answer.answer, end="")
                        return event.answer
                    case ErrorEvent():
                        raise as_error(event.problem)
        finally:
            if written:
                say()
    raise StreamBroken(client.url)


def _generation(**given: Any) -> Any:
    from pydantic import ValidationError

    from askbox.schemas import Generation

    try:
        return Generation(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        option = "--" + str(fault["loc"][0]).replace("_", "-")
        raise typer.BadParameter(fault["msg"], param_hint=option) from None


def _read_question() -> str:
    from askbox.errors import InvalidRequest

    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"the question on standard input is not UTF-8 at byte {error.start}", remedy="send it as UTF-8"
        ) from None
