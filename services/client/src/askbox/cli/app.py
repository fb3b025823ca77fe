"""All commands of `askbox`, and the options before them. What a command needs is loaded when it runs."""

from typing import Annotated

import typer

from askbox.cli import collections, documents
from askbox.cli.ask import ask, search
from askbox.cli.ingest import ingest
from askbox.cli.options import Options
from askbox.cli.printing import say
from askbox.cli.status import health, version
from askbox.defaults import DEFAULT_TIMEOUT, DEFAULT_URL

# Plain help: with rich it takes more than twice as long to come.
app = typer.Typer(
    help="Ask your documents, with any open model in the box.",
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed_version

        say(installed_version("askbox"))
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    url: Annotated[str, typer.Option(help="Where the API is.", envvar="ASKBOX_URL")] = DEFAULT_URL,
    timeout: Annotated[float, typer.Option(help="Seconds that the API may say nothing.")] = DEFAULT_TIMEOUT,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version of this client.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    """Ask your documents, with any open model in the box."""
    context.obj = Options(url=url, timeout=timeout, json=json)


app.command()(ask)
app.command()(search)
app.command()(ingest)
app.add_typer(documents.app, name="documents")
app.add_typer(collections.app, name="collections")
app.command()(health)
app.command()(version)
