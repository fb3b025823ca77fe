"""The edge of the command line: arguments → exit code, and errors → one line each, never a traceback.

Exit codes: 0 done, 1 the API said no or something failed, 2 usage, 130 interrupted.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import typer

from askbox.cli.app import app
from askbox.cli.printing import complain, prepare_streams
from askbox.errors import ApiProblem, AskboxError, InvalidRequest


def run(arguments: Sequence[str]) -> int:
    """Runs one command and gives its exit code. Raises nothing."""
    prepare_streams()
    try:
        return _run(arguments)
    except BrokenPipeError:
        # The reader of a pipe has seen enough (`| head`); what is left goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        complain(f"error: unexpected {type(error).__name__} {_place(error)}: please report this line")
        return 1


def _run(arguments: Sequence[str]) -> int:
    try:
        typer.main.get_command(app).main(list(arguments), prog_name="askbox")
    except SystemExit as end:
        sys.stdout.flush()
        return end.code if isinstance(end.code, int) else 0
    except AskboxError as error:
        _complain_of(error)
        return 2 if isinstance(error, InvalidRequest) else 1
    return 0


def _complain_of(error: AskboxError) -> None:
    complain(f"error: {error.detail}")
    if isinstance(error, ApiProblem):
        for fault in error.errors:
            complain("- " + ": ".join(fault.values()))
    if error.remedy:
        complain(f"remedy: {error.remedy}")
    if isinstance(error, ApiProblem) and error.request_id:
        complain(f"request: {error.request_id}")


def _place(error: BaseException) -> str:
    """Where in our own code, as the message may hold what a document says."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "askbox" in Path(frame.filename).parts]
    return f"at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "outside askbox"
