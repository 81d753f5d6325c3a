"""Every knob of the server: its default, its unit, its sentence.

Decision: one flat pydantic-settings class with the prefix PALMARES_. Without URLs of real servers the embedded
PostgreSQL and Valkey under `data_dir` are meant, so the same code runs on a laptop and in production.
"""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from limits import parse as parse_rate
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.scoring.limits import Limits

MIB = 1024 * 1024
OFF = "off"
SMTP_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
# A unix socket's path may be about 107 bytes long; postgres appends "/.s.PGSQL.5432" to the folder.
LONGEST_RUN_DIR = 80


class Settings(BaseSettings):
    """The server's settings, read from the environment (PALMARES_…). Unknown names are ignored, bad values refused."""

    # A value that is refused is not repeated: it may hold a password.
    model_config = SettingsConfigDict(env_prefix="PALMARES_", env_ignore_empty=True, hide_input_in_errors=True)

    # where things are
    data_dir: Path = Field(Path(".palmares"), description="Folder of all that the embedded mode writes.")
    database_url: str = Field("", description="PostgreSQL >= 15, `postgresql://…`; empty: the embedded server.")
    redis_url: str = Field("", description="Redis >= 7 or Valkey, `redis://…`; empty: the embedded server.")
    storage_url: str = Field("", description="`file:///…` or `s3://bucket/prefix`; empty: a folder in the data dir.")
    host: str = Field("127.0.0.1", description="Address the web process of `make up` listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port of the web process of `make up`.")
    public_url: str = Field("", description="Address in links; empty: taken from each request.")

    # intake
    upload_bytes: int = Field(64 * MIB, ge=1024, description="Largest submission file, bytes.")
    unpacked_bytes: int = Field(512 * MIB, ge=1024, description="Largest sum of a zip's unpacked members, bytes.")
    bundle_bytes: int = Field(64 * MIB, ge=1024, description="Largest competition bundle, bytes.")
    body_bytes: int = Field(1 * MIB, ge=1024, description="Largest body of any other request, bytes.")
    upload_seconds: float = Field(600, gt=0, description="Longest time one upload may take, seconds.")
    uploads_dir: Path | None = Field(None, description="Folder of unfinished uploads; empty: in the data dir.")
    invalid_per_day: int = Field(20, ge=1, description="Invalid submissions a participant may send per phase and day.")

    # judging
    model_path: Path | None = Field(None, description="Folder of another sentence-transformers model; empty: MiniLM.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where the model runs.")
    judge_models_path: Path | None = Field(
        None, description="Folder whose folders plans may name as `cross_encoder`; empty: none."
    )
    llm_url: str = Field(
        "", description="Base address of an OpenAI-compatible endpoint for plans with an `llm_judge`; empty: none."
    )
    llm_api_key: SecretStr | None = Field(None, description="Key of that endpoint; never shown or logged.")
    llm_model_allow: str = Field("", description="Models that an `llm_judge` may name, with commas; empty: all.")
    embeddings_kept: int = Field(
        200_000, ge=0, description="Texts whose embeddings the workers share, about 1.7 kB each; 0: none."
    )
    canaries: Path | None = Field(None, description="File of the canaries' expected scores; empty: those of MiniLM.")
    lease_seconds: int = Field(30, ge=3, description="How long a worker that says nothing keeps its work, seconds.")
    task_seconds: int = Field(300, ge=1, description="Hard time limit of one task, seconds.")
    attempts: int = Field(5, ge=1, description="How often a stage is tried before the evaluation is failed.")
    sweep_seconds: float = Field(2, gt=0, description="Time between two sweeps, seconds.")
    nudge_seconds: float = Field(
        10, gt=0, description="First wait before a waiting evaluation is announced again, seconds."
    )

    # accounts
    session_days: int = Field(7, ge=1, description="Absolute life of a browser session, days.")
    token_days: int = Field(90, ge=1, le=365, description="Default life of an API token, days.")
    login_rate: str = Field("10/minute", description="Log-in attempts per account and address.")
    signup_rate: str = Field("30/hour", description="Sign-ups per address.")
    account_rate: str = Field("1200/minute", description="Requests per account to the API; `off`: no limit.")
    address_rate: str = Field("6000/minute", description="Requests per address to the API; `off`: no limit.")
    reset_rate: str = Field("5/hour", description="Mails with a link for a password or an address, per account.")
    oidc_issuers: str = Field(
        "",
        description="Issuers of CI identities to trust, a JSON object from issuer to the address of its keys, or to an "
        "empty text where it publishes that itself; empty: none.",
    )
    verified_to_join: bool = Field(
        False, description="Whether an e-mail address must be confirmed before joining; needs a mail server."
    )
    trace_key: SecretStr | None = Field(
        None, description="Secret under which addresses of sign-ins are hashed; empty: none are kept."
    )
    trace_days: int = Field(90, ge=1, description="Days for which such hashes are kept after the last sign-in.")

    # organizing
    deleted_days: int = Field(30, ge=0, description="Days in which a deleted competition can be restored.")

    # mail and webhooks
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server, `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`; empty: no mail.",
    )
    mail_from: str = Field("", description="Sender of all mail, such as `Palmares <palmares@example.org>`.")
    mail_seconds: float = Field(10, gt=0, description="Time between two rounds of sending mail, seconds.")
    webhook_seconds: float = Field(2, gt=0, description="Time between two rounds of sending webhooks, seconds.")
    webhook_allow: str = Field(
        "", description="Networks that webhooks may reach beside the public internet, with commas; by HTTP too."
    )
    secret: SecretStr | None = Field(
        None, description="Key that signs the links in mails; empty: made once, the file `secret` in the data dir."
    )

    # running
    metrics_token: SecretStr | None = Field(
        None, description="Token with which Prometheus may read `/metrics`; empty: there is no such page."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: console on a terminal, else JSON."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe line shown.")
    pool_size: int = Field(10, ge=1, description="Database connections kept per web process.")
    database_seconds: float = Field(10, gt=0, description="Longest statement of the web process, seconds.")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                parts = urlsplit(value.get_secret_value())
                fits = parts.scheme in SMTP_PORTS and bool(parts.hostname) and parts.port != 0
            except ValueError:  # its own words could hold a piece of the password
                fits = False
            if not fits:
                raise ValueError(
                    "wanted: smtp://, smtps:// or smtp+starttls://user:password@host:port, percent-encoded"
                )
        return value

    @model_validator(mode="after")
    def _mail_is_complete(self) -> Self:
        address = parseaddr(self.mail_from)[1]
        if self.mail_from and ("@" not in address or len(self.mail_from.splitlines()) > 1):
            raise ValueError("PALMARES_MAIL_FROM is not an address")
        if self.smtp_url is not None and not (self.mail_from and self.public_url):
            raise ValueError("PALMARES_SMTP_URL needs PALMARES_MAIL_FROM, and PALMARES_PUBLIC_URL for links in mails")
        if self.verified_to_join and self.smtp_url is None:
            raise ValueError("PALMARES_VERIFIED_TO_JOIN needs PALMARES_SMTP_URL: mails confirm")
        if self.trusted_issuers and not self.public_url:
            raise ValueError("PALMARES_OIDC_ISSUERS needs PALMARES_PUBLIC_URL: it is the audience of identities")
        return self

    @field_validator("login_rate", "signup_rate", "reset_rate", "account_rate", "address_rate")
    @classmethod
    def _rate(cls, value: str, about: ValidationInfo) -> str:
        if value != OFF or about.field_name in ("login_rate", "signup_rate", "reset_rate"):
            parse_rate(value)
        return value

    @field_validator("oidc_issuers")
    @classmethod
    def _issuers(cls, value: str) -> str:
        found = json.loads(value or "{}")
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            raise ValueError('wanted: a JSON object such as {"https://token.actions.githubusercontent.com": ""}')
        return value

    @field_validator("webhook_allow")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in value.split(","):
            if one.strip():
                ip_network(one.strip())
        return value

    @property
    def trusted_issuers(self) -> dict[str, str]:
        """Issuers of CI identities, each with the address of its keys or an empty text."""
        return dict(json.loads(self.oidc_issuers or "{}"))

    @property
    def webhook_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks that webhooks may reach beside the public internet."""
        return [ip_network(one.strip()) for one in self.webhook_allow.split(",") if one.strip()]

    @property
    def uploads_folder(self) -> Path:
        """Folder of unfinished uploads; all web processes share it."""
        return self.uploads_dir or self.data_dir / "uploads"

    @property
    def sends_mail(self) -> bool:
        """True where there is a mail server; else nothing is written to the outbox."""
        return self.smtp_url is not None

    @property
    def run_dir(self) -> Path:
        """Folder of the embedded servers' sockets: in the data dir, or a temporary one if its path is too long."""
        inside = self.data_dir / "run"
        if len(str(inside).encode()) <= LONGEST_RUN_DIR:
            return inside
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"palmares-{digest}"

    @property
    def submission_limits(self) -> Limits:
        """The core's limits of a submission file as the operator set them."""
        return Limits(upload_bytes=self.upload_bytes, unpacked_bytes=self.unpacked_bytes)

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address as SQLAlchemy wants it (psycopg 3)."""
        if not self.database_url:
            return f"postgresql+psycopg://postgres@/palmares?host={self.run_dir}&port=5432"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else self.database_url

    @property
    def redis_client_url(self) -> str:
        """Redis' address as redis-py wants it."""
        return self.redis_url or f"unix://{self.run_dir}/valkey.sock"

    @property
    def celery_broker_url(self) -> str:
        """Redis' address as Celery wants it."""
        if self.redis_client_url.startswith("unix://"):
            return "redis+socket://" + self.redis_client_url.removeprefix("unix://")
        return self.redis_client_url

    @property
    def object_store_url(self) -> str:
        """The object store's address."""
        return self.storage_url or (self.data_dir / "storage").as_uri()


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting as administrators may see it: a secret only says whether it is set, an address hides its password."""

    name: str
    value: str
    given: bool
    description: str


def knobs(of: Settings) -> list[Knob]:
    """All settings in order, without secrets."""
    return [
        Knob(
            f"PALMARES_{name.upper()}", _shown(getattr(of, name)), name in of.model_fields_set, field.description or ""
        )
        for name, field in Settings.model_fields.items()
    ]


def _shown(value: object) -> str:
    """A value as text.

    >>> _shown("postgresql://palmares:secret@db.example/palmares?sslkey=x"), _shown(SecretStr("x")), _shown(None)
    ('postgresql://palmares:…@db.example/palmares?…', '(set)', '')
    """
    if isinstance(value, SecretStr):
        return "(set)"
    text = "" if value is None else str(value)
    if "://" not in text:
        return text
    scheme, _, rest = text.partition("://")
    rest, query, _ = rest.partition("?")
    who, at, host = rest.rpartition("@")
    name, password, _ = who.partition(":")
    return f"{scheme}://{name}{':…' if password else ''}{at}{host}{'?…' if query else ''}"


@lru_cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
