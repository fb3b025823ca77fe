"""`askbox documents`: what is stored in a collection."""

from typing import Annotated

import typer

from askbox.cli.options import CollectionOption, FilterOption, options_of, read_filters
from askbox.cli.printing import complain, safe_line, say, say_json, say_table

app = typer.Typer(help="List, show and delete documents.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(help="The id of the document, whatever it holds.")]


@app.command("list")
def list_documents(
    context: typer.Context,
    collection: CollectionOption = "default",
    filter: FilterOption = None,
    offset: Annotated[int, typer.Option(help="How many to pass over.", min=0)] = 0,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1)] = 50,
) -> None:
    """List documents in order of id: id, passages, title."""
    options = options_of(context)
    with options.client() as client:
        page = client.documents(collection=collection, filters=read_filters(filter), offset=offset, limit=limit)
    if options.json:
        say_json(page)
        return
    if page.documents:
        say_table([(each.id, f"{each.passages} passages", each.title) for each in page.documents])
    complain(f"{len(page.documents):,} of {page.total:,} documents")


@app.command("show")
def show_document(context: typer.Context, id: IdArgument, collection: CollectionOption = "default") -> None:
    """Show one document with its text."""
    options = options_of(context)
    with options.client() as client:
        record = client.document(id, collection=collection)
    if options.json:
        say_json(record)
        return
    metadata = [(name, _value(value)) for name, value in record.metadata.items()]
    say_table(
        [
            ("id", record.id),
            ("title", record.title),
            ("headings", " › ".join(record.headings)),
            ("format", record.format),
            ("passages", str(record.passages)),
            ("updated", record.updated_at.isoformat(timespec="seconds")),
            *metadata,
        ]
    )
    say()
    say(record.text or "")


@app.command("delete")
def delete_document(context: typer.Context, id: IdArgument, collection: CollectionOption = "default") -> None:
    """Delete one document and its passages."""
    options = options_of(context)
    with options.client() as client:
        client.delete_document(id, collection=collection)
    if options.json:
        say_json({"deleted": id, "collection": collection})
    else:
        say(f"deleted {safe_line(id)} from {safe_line(collection)}")


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
