"""How the tree looks: short files and functions, a first line for each module, names that say a role, a true map."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(ROOT.glob("services/*/src/**/*.py"))
NAMELESS = {"utils", "helpers", "common", "core", "manager", "base", "misc"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


def at(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if isinstance(node, ast.stmt) else ""
    return f"{path.relative_to(ROOT)}{line}"


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 50


def test_no_file_is_too_long() -> None:
    assert not [at(path) for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE]


def test_no_function_is_too_long() -> None:
    too_long = [
        at(path, node)
        for path in MODULES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno >= LONGEST_FUNCTION  # a signature full of options is no logic
    ]
    assert not too_long


def test_every_module_says_what_it_knows() -> None:
    silent = [at(path) for path in MODULES if path.read_bytes().strip() and not ast.get_docstring(parsed(path))]
    assert not silent


def test_no_name_says_nothing() -> None:
    parts = [(path, part) for path in MODULES for part in path.relative_to(ROOT).with_suffix("").parts]
    assert not [at(path) for path, part in parts if part in NAMELESS]


def test_the_contracts_of_imports_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("needs import-linter: `make setup` puts it into the environment")

    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout


def test_every_path_of_the_map_in_the_readme_exists() -> None:
    (drawn,) = re.findall(r"```text\n(services/.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)

    paths = [line.split()[0] for line in drawn.splitlines() if line.strip()]

    assert "services/api/src/askbox_api/bootstrap.py" in paths
    assert not [path for path in paths if not (ROOT / path).exists()]
