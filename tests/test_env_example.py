"""`.env.example` lists every setting with its default, and nothing else."""

from pathlib import Path

from pydantic import SecretStr

from askbox_api.settings import Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"


def listed() -> dict[str, str]:
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    pairs = dict(line.split("=", 1) for line in lines)
    assert len(pairs) == len(lines), "a setting is listed twice"
    return pairs


def shown(value: object) -> str:
    """A default as the file shows it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_setting_is_listed_with_its_default_in_the_same_order() -> None:
    defaults = {f"ASKBOX_{name.upper()}": shown(field.default) for name, field in Settings.model_fields.items()}

    assert listed() == defaults
    assert set(listed()) == set(defaults)


def test_the_example_itself_gives_the_defaults() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings(_env_file=None)
