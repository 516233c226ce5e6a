"""Settings: their sources, validation, and error messages."""

import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from yarl import URL

from bot import translations
from bot.errors import SettingsError
from bot.settings_sources import read_sources
from cogs.ui.violations import format_violation
from domain.errors import InvalidInput
from domain.loopback import LOOPBACK_HOSTS
from domain.money import MicroUSD, parse_usd
from domain.servers import AllowedServers
from storage.database_url import InvalidDatabaseUrl, parse_database_url

_ENV_FILE = ".env"
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*/?", re.ASCII)
_DAILY_LIMIT = "amount in dollars per UTC day; `none` lifts it"


_MESSAGES = {
    "missing": "is required",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}


class DatabaseSettings(BaseSettings):
    """Settings of the commands that maintain the data."""

    model_config = SettingsConfigDict(
        env_file=_ENV_FILE,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str = Field(
        default="sqlite:///data/dailies.db", description="`sqlite:///FILE` or `postgresql://…`"
    )
    media_store: str = Field(
        default="data/media", description="a folder for videos and inputs, or `s3://bucket/prefix`"
    )

    @classmethod
    def read(cls) -> Self:
        """Read the environment and `.env`; what S3 needs of it, the environment has then.

        Raises:
            SettingsError: naming every missing or wrong setting, without the value of a secret.
        """
        sources = read_sources([name for name, _, _ in describe()], Path(_ENV_FILE))
        try:
            settings = cls(**sources.values)  # pyright: ignore[reportArgumentType] - texts, as in .env
        except ValidationError as error:
            found = _problems(error.errors(include_input=False))
            raise SettingsError([*sources.problems, *found]) from None
        if sources.problems:
            raise SettingsError(sources.problems)
        os.environ.update(sources.for_s3)  # where the S3 library looks for them
        return settings

    @field_validator("*", mode="before")
    @classmethod
    def _no_quotes(cls, value: object) -> object:
        if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] in "'\"":
            raise ValueError(
                "has quotes around it, which `docker --env-file` keeps: leave them out"
            )
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            parse_database_url(value)
        except InvalidDatabaseUrl as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("media_store")
    @classmethod
    def _folder_or_bucket(cls, value: str) -> str:
        if "://" in value and _BUCKET.fullmatch(value) is None:
            raise ValueError("must be a folder, or s3://bucket/prefix")
        return value


class Settings(DatabaseSettings):
    """Settings of the service, read once at start from the environment or `.env`."""

    media_cache_gb: float = Field(
        5,
        ge=0.5,
        allow_inf_nan=False,
        description="size of the local folder in front of a bucket, at least 0.5",
    )
    discord_token: SecretStr = Field(description="the bot's token")
    apixo_api_key: SecretStr = Field(description="the key of the APIXO account that pays")
    apixo_base_url: str = Field(
        "https://api.apixo.ai/api/v1",
        description="APIXO's address; plain `http` on loopback hosts only",
    )
    apixo_result_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("apixo.ai",),
        description="comma list; videos are fetched from these hosts and their subdomains only",
    )
    apixo_max_tasks: int = Field(
        5, ge=1, le=1000, description="tasks in flight at APIXO at once, over all processes"
    )
    public_url: str | None = Field(
        None,
        description="the public HTTPS address of `HTTP_PORT`: APIXO calls back, and what is too "
        "large for Discord gets a link; plain `http` on loopback hosts only",
    )
    http_host: str = Field(
        "127.0.0.1", description="where health, metrics, callbacks and links are answered"
    )
    http_port: int = Field(8080, ge=0, le=65535, description="the port of `HTTP_HOST`")
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="comma list of addresses or networks whose `X-Forwarded-For` is believed, for "
        "limits per client; loopback always is",
    )
    user_daily_limit_usd: MicroUSD | None = Field(
        MicroUSD(5_000_000), description=f"per member and server: {_DAILY_LIMIT}"
    )
    server_daily_limit_usd: MicroUSD | None = Field(
        MicroUSD(50_000_000), description=f"per server: {_DAILY_LIMIT}"
    )
    global_daily_limit_usd: MicroUSD | None = Field(
        MicroUSD(200_000_000), description=f"over everything, the operator's fuse: {_DAILY_LIMIT}"
    )
    allowed_servers: Annotated[AllowedServers, NoDecode] = Field(
        AllowedServers(),
        description="who may spend: `all`, or a comma list of server ids. Empty: servers whose "
        "owner operates the bot when it joins, and those that the operator admits",
    )
    balance_alert_usd: MicroUSD | None = Field(
        MicroUSD(10_000_000),
        description="below this balance at APIXO the operator gets a direct message, once; `none` "
        "lifts it",
    )
    exposure_limit_usd: MicroUSD | None = Field(
        MicroUSD(20_000_000),
        description="what may be spent a UTC day on submissions without an answer before nothing "
        "more is submitted; `none` lifts it",
    )
    leaver_data_days: int | None = Field(
        30,
        ge=1,
        le=3_650,
        description="days after which prompts, files and videos go of who has left a server, and "
        "of a server that the bot has left; `none` keeps them",
    )
    charge_failed_tasks: bool = Field(
        default=False, description="whether a failed task costs the member its price"
    )
    shards: int | Literal["auto"] = Field(
        "auto",
        description="number of shards, parts of the servers with a connection each; `auto` is "
        "what Discord recommends at the first start; `python -m bot reshard N` changes it",
    )
    process_shards: int = Field(
        16, ge=1, le=1000, description="most shards that one process takes; on SQLite it takes all"
    )
    role: Literal["all", "gateway", "worker", "web"] = Field(
        "all",
        description="what this process does, on PostgreSQL: `gateway` answers members, `worker` "
        "makes and posts videos, `web` answers at `HTTP_PORT` alone, `all` does everything",
    )
    discord_api_url: str | None = Field(
        None, description="Discord's REST address with its version, for a proxy or a stand-in"
    )
    discord_gateway_url: str | None = Field(
        None, description="the gateway's whole WebSocket address, for a proxy or a stand-in"
    )
    time_scale: float = Field(
        1, gt=0, le=10_000, description="divides every documented wait; for stand-ins only"
    )
    bot_language: str = Field(
        "en",
        description="the language where neither the member's nor the server's is known: `en`, or "
        "one with a file in `bot/locale`",
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="`text`, `json`, or `auto`: text on a terminal, JSON otherwise"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`"
    )

    @field_validator("bot_language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        translations.load_translations(value)
        return value

    @field_validator("discord_token", "apixo_api_key")
    @classmethod
    def _one_word(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret.startswith("Bot "):
            raise ValueError("is the token alone: leave out `Bot ` before it")
        if re.fullmatch(r"[!-~]+", secret.strip()) is None:
            raise ValueError("must be one word of ASCII")
        return SecretStr(secret.strip())

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("apixo_base_url", "discord_api_url")
    @classmethod
    def _https_or_loopback(cls, value: str | None) -> str | None:
        return value if value is None else _address(value, secure="https", plain="http")

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = _address(value, secure="https", plain="http")
        url = URL(address)
        if url.query_string or url.fragment or url.user or url.password:
            raise ValueError("must be an address without user, query or fragment")
        return address

    @field_validator("discord_gateway_url")
    @classmethod
    def _wss_or_loopback(cls, value: str | None) -> str | None:
        return value if value is None else _address(value, secure="wss", plain="ws")

    @field_validator("shards", mode="before")
    @classmethod
    def _shards(cls, value: object) -> object:
        if value in ("auto", "AUTO", "Auto"):
            return "auto"
        if isinstance(value, str) and not (value.isdecimal() and int(value)):
            raise ValueError("must be `auto`, or a whole number from 1")
        return value

    @field_validator("leaver_data_days", mode="before")
    @classmethod
    def _days(cls, value: object) -> object:
        return None if isinstance(value, str) and value.strip().lower() == "none" else value

    @field_validator("role", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("role")
    @classmethod
    def _for_one_process(cls, value: str, info: ValidationInfo) -> str:
        if value != "all" and str(info.data.get("database_url")).startswith("sqlite:"):
            raise ValueError(
                f"{value} shares the work with other processes, and a SQLite file is for one "
                "process alone. Set ROLE=all, or a DATABASE_URL that begins with postgresql://"
            )
        return value

    @field_validator("allowed_servers", mode="before")
    @classmethod
    def _servers(cls, value: object) -> object:
        return AllowedServers.parse(value) if isinstance(value, str) else value

    @field_validator("apixo_result_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        hosts = tuple(host.strip().lower() for host in value.split(",") if host.strip())
        if not hosts or any(_HOST.fullmatch(host) is None for host in hosts):
            raise ValueError("list host names, such as apixo.ai, with commas between them")
        return hosts

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        except ValueError:
            raise ValueError("list addresses or networks, such as 10.0.0.0/8") from None

    @field_validator(
        "user_daily_limit_usd",
        "server_daily_limit_usd",
        "global_daily_limit_usd",
        "balance_alert_usd",
        "exposure_limit_usd",
        mode="before",
    )
    @classmethod
    def _dollars(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return None if value.strip().lower() == "none" else parse_usd(value)
        except InvalidInput as error:
            raise ValueError(format_violation(error.violation)) from None


def find_problem(name: str, text: str) -> str | None:
    """Return what is wrong with a text as the value of a setting; None if nothing is."""
    try:
        Settings(**{name.lower(): text})  # pyright: ignore[reportArgumentType] - a text, as in .env
    except ValidationError as error:
        for found in error.errors(include_input=False):
            if str(found["loc"][0]).upper() == name:
                return _problem(found)
    return None


def describe() -> list[tuple[str, str, str]]:
    """Return each setting's name, default (as written) and meaning, for docs and checks."""
    return [
        (name.upper(), _default(name, field.get_default()), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _problems(errors: Any) -> list[str]:
    return [f"{str(error['loc'][0]).upper()}: {_problem(error)}" for error in errors]


def _problem(error: Mapping[str, Any]) -> str:
    message = _MESSAGES.get(error["type"])
    if message is not None:
        return message.format_map(error.get("ctx", {}))
    return str(error["msg"]).removeprefix("Value error, ")


def _address(value: str, *, secure: str, plain: str) -> str:
    try:
        url = URL(value)
        host = url.host
    except ValueError:
        raise ValueError("is not an address") from None
    if url.scheme == secure and host:
        return value.rstrip("/")
    if url.scheme == plain and host in LOOPBACK_HOSTS:
        return value.rstrip("/")
    raise ValueError(f"must begin with {secure}:// ({plain}:// on loopback hosts only)")


def _default(name: str, value: object) -> str:
    if name.endswith("_usd") and isinstance(value, int):
        return str(value // 1_000_000)
    if isinstance(value, AllowedServers):
        return "all" if value.every else ",".join(map(str, sorted(value.ids)))
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, bool):
        return str(value).lower()
    if name in ("discord_token", "apixo_api_key"):
        return "required"
    return "" if value is None else str(value)
