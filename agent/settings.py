"""Settings: one TOML under DAOCLERK_HOME plus DAOCLERK_* variables, read once by the composition root."""

import os
import tomllib
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from agent.errors import InputError


def default_home() -> Path:
    """The platform's data folder for daoclerk, e.g. ~/.local/share/daoclerk."""
    return user_data_path("daoclerk", appauthor=False)


class Settings(BaseSettings):
    """Everything that can be set. Variables win over the file; `DAOCLERK_MODEL_URL` sets `model_url`."""

    model_config = SettingsConfigDict(env_prefix="DAOCLERK_", extra="forbid", frozen=True, protected_namespaces=())

    home: Path = Field(default_factory=default_home)
    """Folder of all state: database, index, pictures, exports, `daoclerk.toml`."""
    database_url: str | None = None
    """SQLAlchemy URL, e.g. postgresql+psycopg://user@host/name. Default: SQLite file `daoclerk.db` under home."""
    chroma_url: str | None = None
    """http://host:port of a `chroma run` server. Default: embedded, under home."""
    embed_url: str | None = None
    """Base URL of an OpenAI-compatible embeddings endpoint (".../v1"). Default: MiniLM from its package."""
    embed_model: str = "minilm"
    embed_key: SecretStr | None = None
    embed_dim: int | None = None
    embed_multilingual: bool = False
    """Say so if the endpoint's model reads Chinese and English alike: the glossary is then not needed."""
    model_url: str | None = None
    """Base URL of an OpenAI-compatible chat endpoint (".../v1"): vLLM with Qwen-VL in production."""
    model_name: str = "Qwen/Qwen3-VL-8B-Instruct"
    model_key: SecretStr | None = None
    model_timeout: float = Field(default=120.0, gt=0)
    """Seconds one answer may take."""
    model_calls: int = Field(default=60, ge=1)
    """Calls to the model one draft may make."""
    model_tokens: int = Field(default=200_000, ge=1000)
    """Tokens (asked and answered) one draft may use."""
    model_seconds: float = Field(default=900.0, gt=0)
    """Seconds of model time one draft may use."""
    writer: Literal["grounded", "model"] = "grounded"
    revisions: int = Field(default=2, ge=0, le=10)
    """How often failing sections are written again before what fails is removed."""
    lang: Literal["en", "zh"] = "en"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))


def load(home: Path | None = None) -> Settings:
    """Read `daoclerk.toml` of the home folder and the DAOCLERK_* variables.

    Raises InputError that names the setting and what is wrong with it.
    """
    folder = home or Path(os.environ.get("DAOCLERK_HOME") or default_home())  # noqa: TID251  (the one place that may)
    file = folder / "daoclerk.toml"

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return FromFile(home=folder)
    except ValidationError as bad:
        first = bad.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(f"settings: '{name}' in {file} or DAOCLERK_{name.upper()}: {first['msg']}") from bad
    except tomllib.TOMLDecodeError as bad:
        raise InputError(f"settings: {file} is not TOML: {bad}") from bad
    except (OSError, UnicodeDecodeError) as bad:
        raise InputError(f"settings: cannot read {file}: {bad}") from bad


def strict_checkpoints() -> None:
    """Have LangGraph restore only the types named in `State`. It reads the variable when it is imported, so this comes first."""
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # noqa: TID251
