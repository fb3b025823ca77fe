"""Settings from the environment, secret files and `.env`; and what the command says of those it cannot use."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from askbox_api.settings import SECRETS, Settings, unknown_variables

SECRET = "sesame-4711"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of askbox and no .env but those of the test."""
    for name in [name for name in os.environ if name.startswith("ASKBOX_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def start(tmp_path: Path) -> Command:
    """`askbox-api` with these variables, until it ends by itself; it must not come to serving."""

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "askbox_api"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | variables,
            cwd=tmp_path,
        )

    return run


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_comes_from_a_file(name: str, secret_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ASKBOX_{name.upper()}_FILE", secret_file)

    assert getattr(Settings(), name).get_secret_value() == SECRET


def test_the_file_of_a_secret_may_be_named_in_dotenv(secret_file: str, tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"ASKBOX_LLM_API_KEY=from-dotenv\nASKBOX_LLM_API_KEY_FILE={secret_file}\n", encoding="utf-8")

    assert Settings(_env_file=dotenv).llm_api_key.get_secret_value() == SECRET


def test_the_environment_wins_over_secret_files_and_those_over_dotenv(
    secret_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("ASKBOX_LLM_API_KEY=from-dotenv\nASKBOX_PORT=81\nASKBOX_LLM_MODEL=a\n", encoding="utf-8")
    monkeypatch.setenv("ASKBOX_PORT", "82")
    assert (Settings(_env_file=dotenv).port, Settings(_env_file=dotenv).llm_model) == (82, "a")

    monkeypatch.setenv("ASKBOX_LLM_API_KEY_FILE", secret_file)
    assert Settings(_env_file=dotenv).llm_api_key.get_secret_value() == SECRET

    monkeypatch.setenv("ASKBOX_LLM_API_KEY", "from-environment")
    assert Settings(_env_file=dotenv).llm_api_key.get_secret_value() == "from-environment"


def test_an_empty_variable_is_as_none(secret_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKBOX_PORT", "")
    monkeypatch.setenv("ASKBOX_LLM_WINDOW", "")
    monkeypatch.setenv("ASKBOX_LLM_API_KEY", "")
    monkeypatch.setenv("ASKBOX_LLM_API_KEY_FILE", secret_file)

    settings = Settings()

    assert (settings.port, settings.llm_window, settings.llm_api_key.get_secret_value()) == (8_000, None, SECRET)


def test_only_secrets_come_from_files(secret_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKBOX_LLM_MODEL_FILE", secret_file)

    assert Settings().llm_model == "phi3"


def test_no_secret_shows_in_the_settings(secret_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(f"ASKBOX_{name.upper()}", SECRET)

    settings = Settings()

    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_unknown_variables_are_those_that_look_like_settings() -> None:
    names = ["ASKBOX_PROT", "ASKBOX_LLM_MODEL_FILE", "ASKBOX_PORT", "ASKBOX_LLM_API_KEY_FILE", "ASKBOX_URL", "PATH"]

    assert unknown_variables(dict.fromkeys(names, "")) == ["ASKBOX_LLM_MODEL_FILE", "ASKBOX_PROT"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASKBOX_PORT", "eighty"),
        ("ASKBOX_PORT", "0"),
        ("ASKBOX_PORT", "65536"),
        ("ASKBOX_STORE", "oracle"),
        ("ASKBOX_LLM_BASE_URL", "127.0.0.1:11434/v1"),
        ("ASKBOX_LLM_WINDOW", "12"),
        ("ASKBOX_SEARCH_TIMEOUT", "inf"),
        ("ASKBOX_SEARCH_TIMEOUT", "nan"),
        ("ASKBOX_QUEUE_TIMEOUT", "0"),
        ("ASKBOX_GENERATIONS", "0"),
        ("ASKBOX_PASSAGE_SIZE", "1"),
        ("ASKBOX_LOAD_HANDBOOK", "perhaps"),
        ("ASKBOX_LOG_LEVEL", "loud"),
        ("ASKBOX_ELASTICSEARCH_PREFIX", "*"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ValueError, match=name.removeprefix("ASKBOX_").lower()):
        Settings()


def test_the_command_names_each_wrong_variable_and_no_secret(start: Command) -> None:
    run = start(ASKBOX_PORT="eighty", ASKBOX_LLM_BASE_URL="box", ASKBOX_LLM_API_KEY=SECRET)

    assert run.returncode == 2
    assert "ASKBOX_PORT: " in run.stderr
    assert "(it is 'eighty')" in run.stderr
    assert "ASKBOX_LLM_BASE_URL: must begin with http:// or https:// (it is 'box')" in run.stderr
    assert SECRET not in run.stderr + run.stdout
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_the_command_names_a_secret_file_it_cannot_read(start: Command, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "absent"
    if content is not None:
        path.write_bytes(content)

    run = start(ASKBOX_LLM_API_KEY_FILE=str(path))

    assert run.returncode == 2
    assert "ASKBOX_LLM_API_KEY_FILE" in run.stderr
    assert str(path) in run.stderr
    assert "Traceback" not in run.stderr


def test_the_command_says_that_dotenv_is_no_text(start: Command, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"ASKBOX_PORT=\xff")

    run = start()

    assert run.returncode == 2
    assert "cannot be read" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_taken_port_ends_the_command_with_a_sentence_after_the_warnings(start: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = start(ASKBOX_PORT=str(port), ASKBOX_PROT="80", ASKBOX_LLM_API_KEY=SECRET)

    warning, sentence = run.stderr.splitlines()
    assert run.returncode == 1
    assert "ASKBOX_PROT is no setting of askbox" in warning
    assert f"cannot listen on 127.0.0.1:{port}" in sentence
    assert "ASKBOX_PORT" in sentence
    assert SECRET not in run.stderr


def test_a_broken_prompt_file_ends_the_command_with_a_sentence(start: Command, tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_text("{% block", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    run = start(ASKBOX_PROMPT_FILE=str(path), ASKBOX_PORT=str(port))

    assert run.returncode == 1
    assert str(path) in run.stderr
    assert "Traceback" not in run.stderr
