"""The one place where the environment is read."""

from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.actor import Scope

SIGNATURES = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Algorithms with a private and a public key: never `none`, never a shared secret (RFC 8725, 3.1)."""


@lru_cache(maxsize=8)
def domain_limits(text: str) -> dict[str, float]:
    """Numbers by domain, from `gmail.com=20,example.org=0.5`. Raises ValueError."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    limits = {name.strip().lower(): float(number or "0") for name, _, number in pairs}
    if not all(name and number > 0 for name, number in limits.items()):
        raise ValueError("write domains and messages a second: gmail.com=20,example.org=0.5")
    return limits


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
    secrets_old: SecretStr | None = Field(
        None, description="Secrets that signed before, by commas: links in mails that were sent stay good."
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
    body_limit: int = Field(1024**2, gt=0, description="Bytes that a GraphQL request may have.")
    max_cost: int = Field(25_000, gt=0, description="Points that one operation may cost; see docs/limits.md.")
    rate_capacity: int = Field(5_000_000, gt=0, description="Points that a key may spend at once.")
    rate_restore: int = Field(250_000, ge=0, description="Points that a key gets back each second; 0 for no limit.")
    deadline: float = Field(30.0, gt=0, description="Seconds after which a request is stopped.")
    allowed_origins: str = Field(
        "", description="Origins whose pages may call the API, by commas, or *; our own alone when left out."
    )
    trusted_documents: Path | None = Field(
        None, description="A directory of .graphql files, or a manifest of documents by id or hash."
    )
    trusted_only: bool = Field(False, description="Run trusted documents alone; keys with the scope admin may run any.")
    max_sockets: int = Field(5_000, gt=0, description="WebSockets that a process may hold.")
    max_streams: int = Field(2_000, gt=0, description="Subscriptions that a process may serve.")
    smtp_url: SecretStr | None = Field(
        None, description="smtp://USER:PASSWORD@HOST:PORT?starttls=required, or smtps://…; a folder when left out."
    )
    smtp_connections: int = Field(4, ge=1, description="Connections to the mail server that a worker may hold.")
    mail_per_second: float | None = Field(
        None, gt=0, description="Messages of broadcasts that an account may send in a second; any number when left out."
    )
    mail_domain_limits: str = Field(
        "", description="Messages of broadcasts a second to a domain, by commas: gmail.com=20,example.org=0.5."
    )
    smtp_timeout: float = Field(30.0, gt=0, description="Seconds that the mail server may take for each answer.")
    mail_from: str | None = Field(None, description="The address that mail is sent from; noreply@ the public URL's.")
    sms_url: SecretStr | None = Field(
        None,
        description="https://SID:TOKEN@api.twilio.com?from=+12025550100, or ?service=MG…; a folder when left out.",
    )
    sms_timeout: float = Field(30.0, gt=0, description="Seconds that the provider of text messages may take.")
    dev: bool = Field(False, description="Serve what helps on a developer's machine: /dev/mailbox.")
    webhook_allowed_hosts: str = Field(
        "", description="Hosts (or host:port), by commas, that webhooks may reach inside our network and without TLS."
    )
    webhook_pause: float = Field(
        1.0, gt=0, description="Seconds before a failed delivery is tried for the second time."
    )
    oidc_issuer: str | None = Field(
        None, description="The OpenID provider whose access tokens (JWT) are taken, as in their `iss`; none by default."
    )
    oidc_audience: str | None = Field(
        None, description="Whom those tokens must be meant for (`aud`); several by commas."
    )
    oidc_jwks_url: str | None = Field(None, description="Where the provider's keys are; discovered when left out.")
    oidc_algorithms: str = Field(
        "RS256,ES256,EdDSA", description="Signatures that are taken, by commas: of the RS, PS and ES kinds, and EdDSA."
    )
    oidc_account: UUID | None = Field(None, description="The account that every token is for.")
    oidc_account_claim: str = Field("assent_account", description="Else the claim that holds the account's id.")
    oidc_scopes_claim: str = Field("scope", description="The claim that holds what a token may do.")
    oidc_scope_prefix: str = Field("assent:", description="What our scopes begin with there: assent:read.")
    oidc_scopes: str = Field("", description="What a token may do whose claim holds none of them, by commas.")
    otlp_endpoint: str | None = Field(
        None,
        description="Where traces go: http://HOST:4318/v1/traces; nowhere when left out. Needs the extra telemetry.",
    )
    sentry_dsn: SecretStr | None = Field(None, description="Where faults are reported; nowhere when left out.")
    open_introspection: bool = Field(False, description="Show the schema to callers without a key, too.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms in `oidc_algorithms`."""
        return frozenset(name.strip() for name in self.oidc_algorithms.split(","))

    @property
    def mail_domains(self) -> dict[str, float]:
        """The limits in `mail_domain_limits`."""
        return domain_limits(self.mail_domain_limits)

    @field_validator("mail_domain_limits")
    @classmethod
    def _readable_limits(cls, value: str) -> str:
        domain_limits(value)
        return value

    @field_validator("oidc_algorithms")
    @classmethod
    def _public_keys_alone(cls, value: str) -> str:
        if unsafe := {name.strip() for name in value.split(",")} - SIGNATURES:
            raise ValueError(f"{', '.join(sorted(unsafe))}: not allowed; choose of {', '.join(sorted(SIGNATURES))}.")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _known_scopes(cls, value: str) -> str:
        if unknown := {name.strip() for name in value.split(",") if name.strip()} - set(Scope):
            raise ValueError(f"{', '.join(sorted(unknown))}: the scopes are {', '.join(Scope)}.")
        return value

    @property
    def old_secrets(self) -> tuple[str, ...]:
        """The secrets in `secrets_old`."""
        text = self.secrets_old.get_secret_value() if self.secrets_old else ""
        return tuple(secret.strip() for secret in text.split(",") if secret.strip())

    @property
    def webhook_hosts(self) -> frozenset[str]:
        """The hosts in `webhook_allowed_hosts`."""
        return frozenset(host.strip().lower() for host in self.webhook_allowed_hosts.split(",") if host.strip())

    @property
    def base_url(self) -> str:
        """The public URL without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def sender(self) -> str:
        """The address that mail is sent from."""
        host = urlsplit(self.base_url).hostname or ""
        return self.mail_from or f"noreply@{host if host[-1:].isalpha() else 'localhost'}"

    @property
    def origins(self) -> frozenset[str]:
        """The origins in `allowed_origins`."""
        return frozenset(origin.strip().rstrip("/") for origin in self.allowed_origins.split(",") if origin.strip())


@lru_cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
