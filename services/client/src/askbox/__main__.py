"""`python -m askbox` and the `askbox` command."""

import sys

from askbox.cli.running import run


def main() -> None:
    """Runs the command line on the arguments of the process and leaves with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
