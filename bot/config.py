"""The settings: read from the environment and `.env`, checked, and refused with every fault named at once."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.model_ids import Provider, normalize_model
from bot.core.units import NANO

DEFAULT_SYSTEM_PROMPT = (
    "You are {bot}, a helpful assistant on Discord. Channel: {channel}. Server: {server}. Today is {date}. "
    "Each user message begins with its author's name and a colon; begin your own without one. Answer in the "
    "language you are asked in, in Discord's Markdown, and be brief unless asked for detail."
)
SQLITE_SCHEME = "sqlite:///"
LONGEST_WAIT_S = 24 * 60 * 60
# Three parts of base64, by whichever alphabet; everything else is for Discord to judge.
TOKEN_FORM = re.compile(r"[\w=+/-]+\.[\w=+/-]+\.[\w=+/-]+", re.ASCII)
# What an HTTP header carries, less what would be written otherwise in a log: spaces, quotes, backslashes.
KEY_FORM = re.compile(r"[!#-&(-\[\]-~]+")


class SettingsError(Exception):
    """The settings cannot be used; `faults` says of each what is wrong and how to mend it, never its value."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        head = "Headwater cannot start. Please mend, in the environment or in .env:"
        return "\n".join([head, *(f"  - {fault}" for fault in self.faults)])


class UrlForm(NamedTuple):
    """What an address must look like to be used."""

    schemes: tuple[str, ...]
    ending: str = ""

    def check(self, text: str) -> str:
        """The address, without a slash at its end where more will be put behind it."""
        try:
            url = urlsplit(text)
            usable = url.scheme in self.schemes and url.hostname and url.port != 0
        except ValueError:  # its text quotes the address, which may hold a password
            usable = False
        if not usable or url.query or url.fragment:
            raise ValueError("is no such address")
        if not url.path.rstrip("/").endswith(self.ending):
            raise ValueError(f"does not end in {self.ending}")
        return text.rstrip("/") if "http" in self.schemes else text


def _split(value: Any) -> Any:  # noqa: ANN401 - whatever the source gave
    """Cut `a, b,` into its items."""
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


def _database_url(url: str) -> str:
    if not url.startswith(SQLITE_SCHEME):
        raise ValueError("is not of a kind this version can use")
    path = url.removeprefix(SQLITE_SCHEME)
    if not path.strip("/") or path.endswith("/") or path == ":memory:":
        raise ValueError("names no file")
    return url


def _matching(form: re.Pattern[str]) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not form.fullmatch(secret.get_secret_value()):
            raise ValueError("has not the form of one (a space, a quote or a part too many or too few?)")
        return secret

    return AfterValidator(check)


HttpUrl = Annotated[str, AfterValidator(UrlForm(("http", "https")).check)]
Token = Annotated[SecretStr, _matching(TOKEN_FORM)]
ApiKey = Annotated[SecretStr, _matching(KEY_FORM)]
Seconds = Annotated[float, Field(gt=0, le=LONGEST_WAIT_S, allow_inf_nan=False)]
Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
Upper = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)

NEEDED_BY = {
    "openrouter_api_key": Provider.OPENROUTER,
    "ollama_api_base": Provider.OLLAMA,
    "openai_api_base": Provider.OPENAI,
    "openai_api_key": Provider.OPENAI,
}


class Settings(BaseSettings):
    """What the owner sets; each field is the environment variable of the same name in capitals.

    A description says what the variable must be, as people read it when it is not. `.env.example` says what each
    is for.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        env_file_encoding="utf-8-sig",  # Windows editors like to put a byte order mark in front
        enable_decoding=False,  # lists are comma-separated, not JSON
        validate_default=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    discord_token: Token = Field(
        description="the bot's token: https://discord.com/developers/applications, Bot, Reset Token"
    )
    # Before whatever depends on it: fields are checked in this order.
    model_provider: Annotated[Provider, Lower] = Field(
        Provider.OPENROUTER, description="openrouter, ollama or openai"
    )
    openrouter_api_key: ApiKey | None = Field(None, description="a key from https://openrouter.ai/settings/keys")
    openrouter_api_base: Annotated[HttpUrl, AfterValidator(UrlForm(("http", "https"), "/api/v1").check)] = Field(
        "https://openrouter.ai/api/v1", description="an http or https address that ends in /api/v1"
    )
    ollama_api_base: HttpUrl | None = Field(None, description="Ollama's address, such as http://localhost:11434")
    openai_api_base: HttpUrl | None = Field(
        None, description="the server's address up to its version, such as https://api.openai.com/v1"
    )
    openai_api_key: ApiKey | None = Field(
        None, description="the server's key; where it wants none, any word will do"
    )
    data_collection: Annotated[Literal["allow", "deny"], Lower] = Field("deny", description="allow or deny")

    model: str = Field(
        "openrouter/openai/gpt-4o-mini", description="a model id of the provider, such as openai/gpt-4o-mini"
    )
    fallback_models: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        (), description="model ids of the provider, separated by commas"
    )
    system_prompt: str = Field(DEFAULT_SYSTEM_PROMPT, description="a text")
    max_tokens: int = Field(4096, ge=1, le=1_000_000, description="a whole number from 1 to 1000000")
    temperature: float | None = Field(
        None, ge=0, le=2, allow_inf_nan=False, description="a number from 0 to 2, or nothing"
    )
    max_streams: int = Field(200, ge=1, le=10_000, description="a whole number from 1 to 10000")
    first_token_timeout: Seconds = Field(60, description="a number of seconds, above 0 and at most a day")
    token_gap_timeout: Seconds = Field(60, description="a number of seconds, above 0 and at most a day")
    answer_timeout: Seconds = Field(600, description="a number of seconds, above 0 and at most a day")

    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "sqlite:///data/headwater.db", description="sqlite:///relative/path or sqlite:////absolute/path"
    )
    retention_days: int = Field(0, ge=0, le=36_500, description="a whole number of days, 0 for no limit")
    message_content_intent: bool = Field(default=False, description="true or false")
    owner_ids: Annotated[frozenset[Annotated[int, Field(gt=0, lt=2**63)]], BeforeValidator(_split)] = Field(
        frozenset(), description="Discord user ids, separated by commas"
    )
    budget_usd_per_month: Decimal | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="an amount in US dollars from 0 to 1000000, or nothing",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = Field(
        "INFO", description="debug, info, warning or error"
    )
    log_format: Annotated[Literal["text", "json"], Lower] = Field("text", description="text or json")
    discord_api_base: Annotated[str, AfterValidator(UrlForm(("http", "https"), "/api/v10").check)] | None = Field(
        None, description="an http or https address that ends in /api/v10, or nothing for Discord's own"
    )
    discord_gateway: Annotated[str, AfterValidator(UrlForm(("ws", "wss")).check)] | None = Field(
        None, description="a ws or wss address, or nothing for Discord's own"
    )

    @field_validator(*NEEDED_BY)
    @classmethod
    def _there_where_needed(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - passes through
        provider = info.data.get("model_provider")
        if value is None and provider is NEEDED_BY[info.field_name or ""]:
            raise ValueError(f"is missing, and MODEL_PROVIDER={provider} needs it")
        return value

    @field_validator("model", "fallback_models")
    @classmethod
    def _own_ids(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a string or a tuple of them
        """Leave the provider's own ids: `openrouter/openai/gpt-4o` is `openai/gpt-4o`."""
        provider = info.data.get("model_provider")
        if provider is None:  # a fault of its own
            return value
        try:
            if isinstance(value, tuple):
                return tuple(normalize_model(model, provider) for model in value)
            return normalize_model(value, provider)
        except ValueError as error:
            raise ValueError(f"cannot be used: {str(error).rstrip('.')}") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The process environment comes in by `load_settings`, so that tests need not touch their own."""
        return init_settings, dotenv_settings

    @classmethod
    def read(cls, env: Mapping[str, str], env_file: Path | None) -> Self:
        """Build from an environment, which wins, and a `.env` file."""
        given: dict[str, Any] = {
            name: value for name in cls.model_fields if (value := env.get(name.upper(), "").strip())
        }
        given["_env_file"] = env_file  # pydantic-settings' own
        return cls(**given)

    @property
    def database_path(self) -> Path:
        """Where the database is; relative paths start at the current folder."""
        return Path(self.database_url.removeprefix(SQLITE_SCHEME))

    @property
    def budget_nano_usd(self) -> int | None:
        """The owner's budget for a month in nano-dollars."""
        return None if self.budget_usd_per_month is None else int(self.budget_usd_per_month * NANO)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen: in logs, errors or replies."""
        given = (self.discord_token, self.openrouter_api_key, self.openai_api_key)
        return tuple(secret.get_secret_value() for secret in given if secret is not None)


def load_settings(env: Mapping[str, str], env_file: Path | None) -> Settings:
    """Read the settings from the environment and, for what it leaves out or empty, from a `.env` file.

    Raises:
        SettingsError: with every fault there is.
    """
    try:
        return Settings.read(env, env_file)
    except ValidationError as error:
        raise SettingsError(
            tuple(dict.fromkeys(_fault(e["loc"][0], e["type"], e.get("ctx", {})) for e in error.errors()))
        ) from None
    except UnicodeDecodeError:
        raise SettingsError((f"{env_file} is not UTF-8 text. Save it as UTF-8.",)) from None
    except OSError as error:
        raise SettingsError((f"{env_file} cannot be read ({error.strerror}). Check who may read it.",)) from None


def _fault(name: int | str, kind: str, context: Mapping[str, Any]) -> str:
    wrong = {"missing": "is missing", "value_error": str(context.get("error"))}.get(kind, "is not usable")
    must_be = Settings.model_fields[str(name)].description
    return f"{str(name).upper()} {wrong}. Set it to {must_be}."
