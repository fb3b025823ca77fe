"""The size of the API as it is installed, without development tools, and what in it is largest.

    uv run python scripts/bench/size.py             installs into a temporary environment
    uv run python scripts/bench/size.py --here      looks at this environment instead: a smoke test

Exit code 1 above the limit (not with --here, where the development tools are).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

import kit

LIMIT_MB = 190.0
_LARGEST = 10


def install(environment: Path) -> Path:
    """What `uv sync` puts into an environment of the API alone: its site-packages."""
    uv = shutil.which("uv") or str(kit.ROOT / ".uv" / "bin" / "uv")
    command = [uv, "sync", "--frozen", "--no-dev", "--package", "askbox-api", "--quiet", "--compile-bytecode"]
    # Copied, not linked from uv's cache, as it is in an image.
    settings = {"UV_PROJECT_ENVIRONMENT": str(environment), "UV_LINK_MODE": "copy", "UV_PYTHON_DOWNLOADS": "never"}
    given = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | settings
    subprocess.run(command, cwd=kit.ROOT, env=given, check=True)
    [packages] = environment.glob("lib/python*/site-packages")
    return packages


def megabytes(folder: Path) -> float:
    """All files under a folder, in MB."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def of_package(package: Distribution) -> float:
    """The files that one package brought, in MB, bytecode included."""
    files = {Path(str(file.locate())) for file in package.files or ()}
    compiled = {
        made for file in files if file.suffix == ".py" for made in file.parent.glob(f"__pycache__/{file.stem}.*")
    }
    return sum(file.stat().st_size for file in files | compiled if file.is_file()) / 1e6


def show(packages: Path, total: float) -> None:
    """The table."""
    sizes = {found.name: of_package(found) for found in distributions(path=[str(packages)])}
    print(f"{len(sizes)} packages\n\n| package | MB |\n|---|---:|")
    for name in sorted(sizes, key=lambda name: -sizes[name])[:_LARGEST]:
        print(f"| {name} | {sizes[name]:.1f} |")
    print(f"| **all, bytecode included** | **{total:.1f}** |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="measure the environment that runs this")
    if parser.parse_args().here:
        [packages] = Path(sys.prefix).glob("lib/python*/site-packages")
        show(packages, megabytes(Path(sys.prefix)))
        return 0
    with tempfile.TemporaryDirectory(prefix="askbox-bench-") as folder:
        environment = Path(folder) / "environment"
        packages = install(environment)
        total = megabytes(environment)
        show(packages, total)
    within = total <= LIMIT_MB
    print(f"\n{total:.1f} MB, limit {LIMIT_MB:g} MB: {'kept' if within else 'NOT KEPT'}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
