"""The one place where the environment is read."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator can set. Every name is an environment variable; see README, "Settings"."""

    model_config = SettingsConfigDict(env_prefix="ASSENT_", frozen=True, extra="ignore", populate_by_name=True)

    database_url: str | None = Field(None, description="PostgreSQL 18; the embedded server when left out.")
    redis_url: str | None = Field(None, description="Redis or Valkey; the embedded server when left out.")
    data_dir: Path = Field(Path(".assent"), description="Where the embedded servers and the secret are kept.")
    host: str = Field("127.0.0.1", description="The address the API listens on.")
    port: int = Field(8000, validation_alias="PORT", description="The port the API listens on.")
    api_key: SecretStr | None = Field(
        None, min_length=20, description="The sample account's key, instead of a generated one."
    )
    sample_contacts: int = Field(10_000, ge=0, description="How many contacts the sample account starts with.")
    secret: SecretStr | None = Field(
        None, min_length=32, description="Signs links; required outside the embedded mode."
    )
    public_url: str | None = Field(
        None, description="Every absolute link is built from it; http://HOST:PORT when left out."
    )
    pool_size: int = Field(10, ge=2, description="Database connections a process may hold.")
    poll_delay: float = Field(0.05, gt=0, description="Seconds between a worker's looks at the queue.")
    lease: float = Field(6.0, gt=0, description="Seconds of silence after which a worker's operation goes to another.")
    storage_url: str | None = Field(
        None, description="Where files are kept: s3://BUCKET/PREFIX, gs://…, az://…; DATA_DIR/objects when left out."
    )
    upload_limit: int = Field(1024**3, gt=0, description="Bytes that an uploaded file may have.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @property
    def base_url(self) -> str:
        """The public URL without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


@lru_cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
