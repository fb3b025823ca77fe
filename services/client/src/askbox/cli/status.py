"""`askbox health` and `askbox version`."""

from importlib.metadata import version as installed_version

import typer

from askbox.cli.options import options_of
from askbox.cli.printing import say, say_json, say_table


def health(context: typer.Context) -> None:
    """Say which part works, and what to do if not.

    Exit code 1 if the API is not ready.
    """
    options = options_of(context)
    with options.client() as client:
        ready = client.ready()
    if options.json:
        say_json(ready)
    else:
        say("ready" if ready.ready else "not ready")
        rows = [
            (_state(ok=each.ok, required=each.required), each.part, _advice(each.detail, each.remedy))
            for each in ready.parts
        ]
        if rows:
            say_table(rows)
    if not ready.ready:
        raise typer.Exit(1)


def version(context: typer.Context) -> None:
    """Show the versions of this client and of the API."""
    options = options_of(context)
    with options.client() as client:
        api = client.version()
    client_version = installed_version("askbox")
    if options.json:
        say_json({"client": client_version, "api": api.model_dump()})
    else:
        say_table([("client", client_version), ("api", f"{api.version} (Python {api.python}) at {client.url}")])


def _state(*, ok: bool, required: bool) -> str:
    if ok:
        return "ok"
    return "DOWN" if required else "degraded"


def _advice(detail: str, remedy: str) -> str:
    return f"{detail} — {remedy}" if remedy else detail
