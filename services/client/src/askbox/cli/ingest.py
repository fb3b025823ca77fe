"""`askbox ingest`: files and folders into a collection."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askbox.cli.options import CollectionOption, options_of
from askbox.cli.printing import complain, say, say_json

if TYPE_CHECKING:
    from askbox.cli.tally import Tally


def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="JSON, JSON Lines, CSV, Markdown and text files, or folders of them.",
            metavar="PATH...",
            exists=True,
        ),
    ],
    collection: CollectionOption = "default",
) -> None:
    """Put files into a collection.

    Running it twice changes nothing. Exit code 1 if anything failed, even if all else went in.
    """
    from askbox.cli.tally import Tally

    options = options_of(context)
    tally = Tally(keep_failures=options.json)
    finished = False
    try:
        _send_all(context, paths, collection=collection, tally=tally)
        finished = True
    finally:
        for line in tally.closing_lines():
            complain(line)
        if not finished:
            complain(
                f"stopped: at least {tally.taken:,} documents are in; running the same command again is safe, "
                "what is in stays as it is"
            )
    if options.json:
        say_json(tally.as_json())
    else:
        say(tally.summary())
    if not tally.counts:
        complain(f"nothing to ingest in {', '.join(map(str, paths))}")
    if tally.failed or not tally.counts:
        raise typer.Exit(1)


def _send_all(context: typer.Context, paths: list[Path], *, collection: str, tally: "Tally") -> None:
    from askbox.reading.files import read
    from askbox.sending import send

    with options_of(context).client() as client, _progress() as show:
        for finding in send(client, read(paths), collection=collection):
            for line in tally.take(finding):
                complain(line)
            show(tally.taken)


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield lambda taken: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.completed:,} documents", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda taken: progress.update(task, completed=taken)
