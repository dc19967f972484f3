"""Every setting, typed, with its default and its environment variable."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from homeroom.networks import read_networks
from homeroom.smtp_url import MailServer, read_mail_server

Throttle = Literal["429", "403", "off"]
AccessLog = Literal["problems", "all", "off"]
NotAllowedStatus = Literal["403", "401"]


class BadSetting(Exception):
    """A setting that cannot be used; its text is one sentence for the person who set it."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a server is started with."""

    data: Path = Path("homeroom-data")
    database_url: str = ""
    admin_token: str | None = None
    secret_key: str | None = None
    storage_url: str | None = None
    smtp_url: str | None = None
    public_url: str | None = None
    trusted_proxies: str = ""
    fetch_networks: str = ""
    throttle: Throttle = "429"
    not_allowed: NotAllowedStatus = "403"
    access_log: AccessLog = "problems"
    dev: bool = False
    max_body: int = 1_048_576
    max_upload: int = 104_857_600
    max_parameters: int = 4_096
    max_parameter_depth: int = 32
    max_json_depth: int = 100
    max_custom_data: int = 4_194_304
    max_custom_data_per_person: int = 33_554_432
    max_bookmarks: int = 1_000
    max_tokens: int = 500
    idle_timeout: int = 20

    @property
    def url(self) -> str:
        """The database's URL; SQLite in the data folder when none was given."""
        return self.database_url or f"sqlite:///{(self.data / 'homeroom.db').absolute()}"

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database."""
        scheme, _, path = self.url.partition(":///")
        return Path(path.partition("?")[0]) if scheme == "sqlite" else None

    @property
    def mail_server(self) -> MailServer | None:
        """Where mail is sent; None: nowhere."""
        return read_mail_server(self.smtp_url) if self.smtp_url else None


# The README and docs/operations.md list exactly these; a test compares them.
VARIABLES: dict[str, str] = {
    "HOMEROOM_DATA": "data",
    "HOMEROOM_DATABASE_URL": "database_url",
    "HOMEROOM_ADMIN_TOKEN": "admin_token",
    "HOMEROOM_SECRET_KEY": "secret_key",
    "HOMEROOM_STORAGE_URL": "storage_url",
    "HOMEROOM_SMTP_URL": "smtp_url",
    "HOMEROOM_PUBLIC_URL": "public_url",
    "HOMEROOM_TRUSTED_PROXIES": "trusted_proxies",
    "HOMEROOM_FETCH_NETWORKS": "fetch_networks",
    "HOMEROOM_THROTTLE": "throttle",
    "HOMEROOM_NOT_ALLOWED": "not_allowed",
    "HOMEROOM_ACCESS_LOG": "access_log",
    "HOMEROOM_DEV": "dev",
    "HOMEROOM_MAX_BODY": "max_body",
    "HOMEROOM_MAX_UPLOAD": "max_upload",
    "HOMEROOM_MAX_PARAMETERS": "max_parameters",
    "HOMEROOM_MAX_PARAMETER_DEPTH": "max_parameter_depth",
    "HOMEROOM_MAX_JSON_DEPTH": "max_json_depth",
    "HOMEROOM_MAX_CUSTOM_DATA": "max_custom_data",
    "HOMEROOM_MAX_CUSTOM_DATA_PER_PERSON": "max_custom_data_per_person",
    "HOMEROOM_MAX_BOOKMARKS": "max_bookmarks",
    "HOMEROOM_MAX_TOKENS": "max_tokens",
    "HOMEROOM_IDLE_TIMEOUT": "idle_timeout",
}
_CHOICES = {
    "throttle": get_args(Throttle),
    "not_allowed": get_args(NotAllowedStatus),
    "access_log": get_args(AccessLog),
}
_NUMBERS = (
    "max_body", "max_upload", "max_parameters", "max_parameter_depth", "max_json_depth", "max_custom_data",
    "max_custom_data_per_person", "max_bookmarks", "max_tokens", "idle_timeout",
)  # fmt: skip
_ON, _OFF = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
# As other programs write it; SQLAlchemy would take it for another driver's.
_POSTGRESQL = re.compile(r"^postgres(ql)?://")
_STORAGE = re.compile(r"(s3|gs|az)://[^/\s]+(/\S*)?|file:///\S+")
_ADDRESS = re.compile(r"https?://[^/?#@\s]+/?")
# What is nested deeper cannot be walked safely.
_DEEPEST = 500


def load_settings(environ: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """The settings of this environment, with what was given on the command line on top. Raises BadSetting."""
    values: dict[str, object] = {}
    for variable, field in VARIABLES.items():
        if text := environ.get(variable, "").strip():
            values[field] = _read(variable, field, text)
    values.update({name: value for name, value in given.items() if value is not None})
    if "database_url" in values:
        values["database_url"] = _POSTGRESQL.sub("postgresql+psycopg://", str(values["database_url"]))
    settings = replace(Settings(), **values)
    _check(settings)
    return settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which ``load_settings`` gives these settings: how they get into other processes."""
    values = {variable: getattr(settings, field) for variable, field in VARIABLES.items()}
    return {
        variable: ("1" if value else "0") if isinstance(value, bool) else "" if value is None else str(value)
        for variable, value in values.items()
    }


def _read(variable: str, field: str, text: str) -> object:
    if field in _CHOICES:
        if text not in _CHOICES[field]:
            raise BadSetting(f"{variable} is {text!r}; it can be {', '.join(_CHOICES[field])}.")
        return text
    if field in _NUMBERS:
        if not text.isascii() or not text.isdigit() or int(text) == 0:
            raise BadSetting(f"{variable} is {text!r}; it must be a whole number above 0.")
        return int(text)
    if field == "dev":
        if text.lower() not in _ON | _OFF:
            raise BadSetting(f"{variable} is {text!r}; it can be 1 or 0.")
        return text.lower() in _ON
    return Path(text) if field == "data" else text


def _check(settings: Settings) -> None:
    token = settings.admin_token
    if token is not None and not (
        20 <= len(token) <= 200 and token.isascii() and token.isprintable() and " " not in token
    ):
        raise BadSetting("HOMEROOM_ADMIN_TOKEN must be 20 to 200 visible characters.")
    if max(settings.max_parameter_depth, settings.max_json_depth) > _DEEPEST:
        raise BadSetting(f"HOMEROOM_MAX_PARAMETER_DEPTH and HOMEROOM_MAX_JSON_DEPTH can be {_DEEPEST} at most.")
    _check_database_url(settings.url)
    if settings.public_url is not None and not _ADDRESS.fullmatch(settings.public_url):
        raise BadSetting(
            f"HOMEROOM_PUBLIC_URL is {settings.public_url!r}; it must be an address such as https://school.example."
        )
    if settings.storage_url is not None and not _STORAGE.fullmatch(settings.storage_url):
        raise BadSetting(
            f"HOMEROOM_STORAGE_URL is {settings.storage_url!r}; "
            "it must be an address such as s3://BUCKET/PATH or file:///FOLDER."
        )
    for variable in ("HOMEROOM_TRUSTED_PROXIES", "HOMEROOM_FETCH_NETWORKS"):
        try:
            read_networks(getattr(settings, VARIABLES[variable]))
        except ValueError as error:
            raise BadSetting(f"{variable} must be addresses or networks with commas between: {error}.") from None
    try:
        _ = settings.mail_server
    except ValueError as error:
        raise BadSetting(f"HOMEROOM_SMTP_URL {error}") from None


def _check_database_url(url: str) -> None:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting("The database URL must begin with sqlite:/// or postgresql://.")
    if url.partition(":///")[2].partition("?")[0] in ("", ":memory:") and url.startswith("sqlite"):
        raise BadSetting("The database URL must name a file: processes cannot share what is in memory.")
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise BadSetting("The database URL cannot be read: its port is not a number.") from None
