"""`askbox collections`: the sets of documents."""

from typing import Annotated

import typer

from askbox.cli.options import options_of
from askbox.cli.printing import complain, confirmed, safe_line, say, say_json, say_table

app = typer.Typer(help="List and delete collections.", no_args_is_help=True)


@app.command("list")
def list_collections(context: typer.Context) -> None:
    """List all collections with their counts."""
    options = options_of(context)
    with options.client() as client:
        found = client.collections()
    if options.json:
        say_json(found)
    elif found.collections:
        say_table(
            [(each.name, f"{each.documents:,} documents", f"{each.passages:,} passages") for each in found.collections]
        )
    else:
        complain("there is no collection yet: `askbox ingest PATH` makes one")


@app.command("delete")
def delete_collection(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name of the collection.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a collection and all its documents; asks first."""
    options = options_of(context)
    if not yes and not confirmed(f"Delete the collection {name} and all its documents?"):
        complain("nothing was deleted (`--yes` deletes without asking)")
        raise typer.Exit(1)
    with options.client() as client:
        client.delete_collection(name)
    if options.json:
        say_json({"deleted": name})
    else:
        say(f"deleted {safe_line(name)}")
