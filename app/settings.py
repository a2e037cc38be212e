"""Settings from the environment or a `.env` file: read here and nowhere else.

A wrong value stops the start with the variable's name and what is allowed.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import SettingsError

__all__ = ["Settings", "load_settings"]


class Settings(BaseSettings):
    """Everything that configures a process. Names in the environment carry the prefix `MILO_` unless said."""

    model_config = SettingsConfigDict(env_prefix="MILO_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Path("data/milo")
    """Folder for the SQLite database, uploads and media."""
    database_url: str | None = None
    """`postgresql://…` or `sqlite:///…`; unset means a SQLite file in `data_dir`."""
    host: str = "127.0.0.1"
    port: int = Field(default=8501, ge=1, le=65535)
    secure_cookies: bool = False
    """Set behind TLS: the login cookie is then sent over https only."""
    session_hours: float = Field(default=12, gt=0, le=24 * 30)
    max_upload_mb: int = Field(default=25, ge=1, le=1024)
    max_unpacked_mb: int = Field(default=2048, ge=1)
    """How large a compressed import may become when unpacked."""
    media_hosts: str = ""
    """Comma-separated host names from which the server may fetch media; empty means none."""
    label_server_hosts: str = ""
    """Comma-separated host names of label servers that may be asked; empty means none."""
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    model: str = "gpt-5-mini"
    """Name of the language model asked for when an endpoint is configured."""
    model_input_usd_per_million: float | None = Field(default=None, ge=0)
    """Price of a million prompt tokens; without both prices, costs are unknown and shown as such."""
    model_output_usd_per_million: float | None = Field(default=None, ge=0)
    model_timeout_seconds: float = Field(default=60, gt=0, le=600)
    keep_replies_days: int | None = Field(default=None, ge=1, le=3650)
    """How long the judge model's raw replies are kept beside their verdicts; None keeps them."""
    judge_body_mb: int = Field(default=16, ge=1, le=256)
    """Largest body of a request to the judge service."""
    judge_job_submissions: int = Field(default=10_000, ge=51, le=100_000)
    """Most submissions in one job that a program sends."""
    judge_waiting_submissions: int = Field(default=20_000, ge=51)
    """Most submissions of one account's jobs that may wait at a time."""
    worker_id: str | None = None
    worker_dead_seconds: float = Field(default=60, ge=3, le=3600)
    """A worker that has been silent for so long is taken for dead, and its calls are given to others."""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is None or value == "":
            return None
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value

    @property
    def url(self) -> str:
        """The database address in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'milo.db'}"

    @property
    def media_dir(self) -> Path:
        """Where media of items and uploads lie; nothing outside it is ever served."""
        return self.data_dir.resolve() / "media"

    @property
    def has_endpoint(self) -> bool:
        """Whether a language-model endpoint is configured at all."""
        return bool(self.openai_base_url) or self.openai_api_key is not None

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """What the tokens cost at the configured prices; None without prices."""
        if self.model_input_usd_per_million is None or self.model_output_usd_per_million is None:
            return None
        return (
            prompt_tokens * self.model_input_usd_per_million
            + completion_tokens * self.model_output_usd_per_million
        ) / 1_000_000

    @property
    def allowed_media_hosts(self) -> frozenset[str]:
        """Host names from which media may be fetched, lower case."""
        return _hosts(self.media_hosts)

    @property
    def allowed_label_hosts(self) -> frozenset[str]:
        """Host names of label servers, lower case."""
        return _hosts(self.label_server_hosts)

    def with_(self, **changes: object) -> Self:
        """A copy with some values replaced, validated again."""
        return type(self).model_validate(self.model_dump() | changes)


def _hosts(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def load_settings(**overrides: object) -> Settings:
    """Settings of this process; `overrides` win over the environment.

    Raises SettingsError naming each variable and what it may hold.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("; ".join(_problem(e["loc"], e["msg"]) for e in error.errors())) from error


def _problem(location: tuple[int | str, ...], message: str) -> str:
    name = "_".join(str(part) for part in location).upper()
    return f"{name if name.startswith('OPENAI_') else 'MILO_' + name}: {message}"
