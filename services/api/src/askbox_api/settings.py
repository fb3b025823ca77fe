"""The settings of the API, read once from the environment (`ASKBOX_…`) and passed on; nothing else reads it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

SECRETS = ("elasticsearch_password", "elasticsearch_api_key", "llm_api_key")
"""Settings that may also come from a file, named by the same variable with `_FILE`."""

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """One setting a field; `.env.example` says what each is for."""

    model_config = SettingsConfigDict(env_prefix="ASKBOX_", extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 8000

    store: Literal["embedded", "elasticsearch"] = "embedded"
    data_dir: Path = Path("data")
    elasticsearch_url: str = "http://127.0.0.1:9200"
    elasticsearch_username: str = ""
    elasticsearch_password: SecretStr = SecretStr("")
    elasticsearch_api_key: SecretStr = SecretStr("")
    elasticsearch_prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")] = "askbox"
    elasticsearch_shards: Count = 1
    elasticsearch_replicas: Annotated[int, Field(ge=0)] = 0
    load_handbook: bool = False
    handbook_dir: Path = Path("docs/handbook")

    llm_base_url: str = "http://127.0.0.1:11434/v1"
    llm_api_key: SecretStr = SecretStr("ollama")
    llm_model: Annotated[str, Field(min_length=1)] = "phi3"
    llm_window: Annotated[int, Field(ge=256)] | None = None
    prompt_file: Path | None = None

    passage_size: Annotated[int, Field(ge=200, le=20_000)] = 1_200
    generations: Count = 4
    queue: Annotated[int, Field(ge=0)] = 64
    queue_timeout: Seconds = 30.0
    search_timeout: Seconds = 5.0
    first_token_timeout: Seconds = 180.0
    answer_timeout: Seconds = 600.0
    send_timeout: Seconds = 30.0
    max_body: Annotated[int, Field(ge=100_000)] = 32_000_000
    shutdown_grace: Annotated[int, Field(ge=1)] = 20

    slow_seconds: Seconds = 30.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "text"

    @field_validator("elasticsearch_url", "llm_base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed wins over the environment, that over secret files, those over `.env`."""
        return init_settings, env_settings, _SecretFiles(settings_cls, dotenv_settings), dotenv_settings


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads each secret from the file that its variable with `_FILE` names, in the environment or in `.env`."""

    def __init__(self, settings_cls: type[BaseSettings], dotenv: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._dotenv = dotenv.env_vars if isinstance(dotenv, DotEnvSettingsSource) else {}

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """The secret, if its variable names a file; the trailing newline is not part of it."""
        variable = f"ASKBOX_{field_name.upper()}_FILE"
        path = os.environ.get(variable) or self._dotenv.get(variable.lower())
        return (_secret(variable, path) if path and field_name in SECRETS else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All secrets that have a file."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


def _secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise OSError(f"{variable} names {path}, which cannot be read: {why}") from error


KNOWN_ELSEWHERE = (
    "ASKBOX_URL",
    "ASKBOX_SHARED",
    "ASKBOX_REQUIRE",
    "ASKBOX_ROUNDS",
    "ASKBOX_FUZZ_",
    "ASKBOX_TEST_",
    "ASKBOX_UI_",
)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like settings of askbox and are none: most likely a slip of the pen."""
    known = {f"ASKBOX_{name.upper()}" for name in Settings.model_fields}
    known |= {f"ASKBOX_{name.upper()}_FILE" for name in SECRETS}
    return sorted(
        name
        for name in environment
        if name.startswith("ASKBOX_") and name not in known and not name.startswith(KNOWN_ELSEWHERE)
    )
