"""Settings, read once from the environment. Tests construct them."""

from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET = 32
SCHEMES = {
    "database_url": ("sqlite", "postgresql", "postgres"),
    "jobs_url": ("sqlite", "postgresql", "postgres", "redis", "rediss"),
    "mail_url": ("file", "smtp", "smtps"),
}
"""What the addresses can start with; a driver may follow, after a plus."""
DEVELOPMENT_SECRET = "development-only-development-only-development-only"  # noqa: S105 refused in production


class Settings(BaseSettings):
    """All that an operator can set; every name is prefixed ``EVERYSEAT_``.

    Raises ``pydantic.ValidationError`` where a value is missing or unfit, naming the variable.
    """

    model_config = SettingsConfigDict(env_prefix="EVERYSEAT_", frozen=True, extra="ignore")

    env: Literal["development", "production"] = "production"
    secret_key: str = ""
    encryption_keys: str = ""
    """What stored keys are encrypted with: secrets separated by commas, newest first."""
    database_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    jobs_url: str = ""
    mail_url: str = ""
    mail_from: str = "Every Seat <no-reply@everyseat.example>"
    instance: Path = Field(default=Path("instance"))
    proxies: int = Field(default=0, ge=0)
    """How many reverse proxies of ours stand before this: whose word on the client's address counts."""

    @model_validator(mode="after")
    def _known_addresses(self) -> Self:
        for name, schemes in SCHEMES.items():
            url: str = getattr(self, name)
            if url and url.partition(":")[0].partition("+")[0] not in schemes:
                raise ValueError(f"EVERYSEAT_{name.upper()} must start with one of: {', '.join(schemes)}")
        return self

    @model_validator(mode="after")
    def _safe_to_serve(self) -> Self:
        if self.development:
            return self
        if len(self.secret_key) < SHORTEST_SECRET or self.secret_key == DEVELOPMENT_SECRET:
            raise ValueError(
                f"EVERYSEAT_SECRET_KEY is missing or short: give it at least {SHORTEST_SECRET} random "
                'characters, such as those of: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if not self.public_url.startswith("https://") or not urlsplit(self.public_url).hostname:
            raise ValueError("EVERYSEAT_PUBLIC_URL must be an address that starts with https:// in production")
        return self

    @model_validator(mode="after")
    def _strong_encryption(self) -> Self:
        if any(len(secret) < SHORTEST_SECRET for secret in self._encryption_keys):
            raise ValueError(
                f"EVERYSEAT_ENCRYPTION_KEYS must be secrets of at least {SHORTEST_SECRET} random characters each, "
                "separated by commas, newest first"
            )
        return self

    @property
    def development(self) -> bool:
        return self.env == "development"

    @property
    def signing_secret(self) -> str:
        """What sessions and tokens are protected with."""
        return self.secret_key or DEVELOPMENT_SECRET

    @property
    def encryption_secrets(self) -> tuple[str, ...]:
        """What stored keys are encrypted with, newest first; the secret key last, for where no others were set."""
        return (*self._encryption_keys, self.signing_secret)

    @property
    def _encryption_keys(self) -> tuple[str, ...]:
        return tuple(secret.strip() for secret in self.encryption_keys.split(",")) if self.encryption_keys else ()

    @cached_property
    def folder(self) -> Path:
        """Where the default files live; made when first asked for, for its owner alone."""
        folder = self.instance.resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @property
    def database(self) -> str:
        """A SQLAlchemy URL; PostgreSQL addresses of any spelling use psycopg 3."""
        url = self.database_url or f"sqlite:///{self.folder / 'everyseat.sqlite'}"
        for spelling in ("postgres://", "postgresql://"):
            if url.startswith(spelling):
                return "postgresql+psycopg://" + url.removeprefix(spelling)
        return url

    @property
    def jobs(self) -> str:
        return self.jobs_url or f"sqlite:///{self.folder / 'jobs.sqlite'}"

    @property
    def mail(self) -> str:
        return self.mail_url or (self.folder / "mail").as_uri()
