"""From settings to a box: the adapters that were chosen, and no other is even loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from askbox_api.bootstrap import build
from askbox_api.settings import Settings
from askbox_api.stores.embedded import EmbeddedStore

LOADED = """
import sys
from askbox_api.bootstrap import build
from askbox_api.settings import Settings
build(Settings(_env_file=None, store=sys.argv[1]))
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"tantivy", "elasticsearch", "fastapi", "uvicorn"}))
"""


def test_the_embedded_store_is_the_default_and_nothing_is_opened(tmp_path: Path) -> None:
    box = build(Settings(_env_file=None, data_dir=tmp_path / "data"))

    assert isinstance(box.store, EmbeddedStore)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("store", "loaded"), [("embedded", "tantivy"), ("elasticsearch", "elasticsearch")])
def test_only_what_is_chosen_is_loaded(store: str, loaded: str) -> None:
    run = subprocess.run([sys.executable, "-c", LOADED, store], capture_output=True, text=True, check=True)

    assert run.stdout.split() == [loaded]


def test_a_prompt_file_that_is_broken_or_absent_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "own.jinja"
    broken.write_text("{% block", encoding="utf-8")

    with pytest.raises(ValueError, match=r"own\.jinja"):
        build(Settings(_env_file=None, prompt_file=broken))
    with pytest.raises(OSError, match=r"absent\.jinja"):
        build(Settings(_env_file=None, prompt_file=tmp_path / "absent.jinja"))
