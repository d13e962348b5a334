"""The owner's settings, read from the environment and `.env`; every fault in them is named at once."""

import re
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
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
from bot.core.units import DAY_S, NANO

DEFAULT_SYSTEM_PROMPT = (
    "You are {bot}, a helpful assistant on Discord. Channel: {channel}. Server: {server}. Today is {date}. "
    "Each user message begins with its author's name and a colon; begin your own without one. Answer in the "
    "language you are asked in, in Discord's Markdown, and be brief unless asked for detail."
)
SQLITE_SCHEME = "sqlite:///"
# Three parts of base64, in either alphabet; Discord judges the rest.
TOKEN_FORM = re.compile(r"[\w=+/-]+\.[\w=+/-]+\.[\w=+/-]+", re.ASCII)
# What an HTTP header can carry, less what a log would write differently: spaces, quotes, backslashes.
KEY_FORM = re.compile(r"[!#-&(-\[\]-~]+")
ALIKE, LONG = 0.87, 8  # how much a name must be like a setting's to be taken for it, and from how many letters on


class SettingsError(Exception):
    """The bot can't use its settings; `faults` says what is wrong with each and how to fix it, never its value."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        head = "Headwater can't start. Fix these settings in the environment or in .env:"
        return "\n".join([head, *(f"  - {fault}" for fault in self.faults)])


class UrlForm(NamedTuple):
    """What an address must look like to be used."""

    schemes: tuple[str, ...]
    ending: str = ""

    def check(self, text: str) -> str:
        """The address, without a slash at its end if paths are appended to it."""
        try:
            url = urlsplit(text)
            usable = url.scheme in self.schemes and url.hostname and url.port != 0
        except ValueError:  # its text quotes the address, which may contain a password
            usable = False
        if not usable or url.query or url.fragment:
            raise ValueError("isn't a usable address")
        if not url.path.rstrip("/").endswith(self.ending):
            raise ValueError(f"doesn't end in {self.ending}")
        return text.rstrip("/") if "http" in self.schemes else text


def _unquoted(value: str) -> str:
    """A value without the quotes around it, which `docker --env-file` passes on."""
    value = value.strip()
    quoted = len(value) > 1 and value[0] in "'\"" and value[0] == value[-1] and value.count(value[0]) == 2  # noqa: PLR2004
    return value[1:-1].strip() if quoted else value


def _split(value: Any) -> Any:  # noqa: ANN401 - anything the source gave
    """Split `a, b,` into its items."""
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


def _database_url(url: str) -> str:
    if not url.startswith(SQLITE_SCHEME):
        raise ValueError("isn't a kind of database this version can use")
    path = url.removeprefix(SQLITE_SCHEME)
    if not path.strip("/") or path.endswith("/") or path == ":memory:":
        raise ValueError("doesn't name a file")
    return url


def _matching(form: re.Pattern[str], what: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not form.fullmatch(secret.get_secret_value()):
            raise ValueError(f"doesn't look like {what}")
        return secret

    return AfterValidator(check)


HttpUrl = Annotated[str, AfterValidator(UrlForm(("http", "https")).check)]
Token = Annotated[SecretStr, _matching(TOKEN_FORM, "a bot token")]
ApiKey = Annotated[SecretStr, _matching(KEY_FORM, "an API key")]
Seconds = Annotated[float, Field(gt=0, le=DAY_S, allow_inf_nan=False)]
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

    A description says how to fix the setting: what follows "Set it to", or a sentence that starts with "Copy".
    `.env.example` says what each setting is for.
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
        description="Copy it again from https://discord.com/developers/applications: Bot, Reset Token"
    )
    # Comes before what depends on it: fields are checked in this order.
    model_provider: Annotated[Provider, Lower] = Field(
        Provider.OPENROUTER, description="openrouter, ollama or openai"
    )
    openrouter_api_key: ApiKey | None = Field(
        None, description="Copy one from https://openrouter.ai/settings/keys"
    )
    openrouter_api_base: Annotated[HttpUrl, AfterValidator(UrlForm(("http", "https"), "/api/v1").check)] = Field(
        "https://openrouter.ai/api/v1", description="an http or https address that ends in /api/v1"
    )
    ollama_api_base: HttpUrl | None = Field(None, description="Ollama's address, such as http://localhost:11434")
    openai_api_base: HttpUrl | None = Field(
        None, description="the server's address up to its version, such as https://api.openai.com/v1"
    )
    openai_api_key: ApiKey | None = Field(None, description="the server's key, or to any word if it needs none")
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
        None, ge=0, le=2, allow_inf_nan=False, description="a number from 0 to 2, or leave it empty"
    )
    max_streams: int = Field(250, ge=1, le=10_000, description="a whole number from 1 to 10000")
    max_streams_per_person: int = Field(3, ge=1, le=10_000, description="a whole number from 1 to 10000")
    max_streams_per_server: int | None = Field(
        None, ge=1, le=10_000, description="a whole number from 1 to 10000, or leave it empty"
    )
    first_token_timeout: Seconds = Field(60, description="a number of seconds, above 0 and at most a day")
    token_gap_timeout: Seconds = Field(60, description="a number of seconds, above 0 and at most a day")
    thinking_timeout: Seconds = Field(300, description="a number of seconds, above 0 and at most a day")
    answer_timeout: Seconds = Field(600, description="a number of seconds, above 0 and at most a day")

    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "sqlite:///data/headwater.db", description="sqlite:///relative/path or sqlite:////absolute/path"
    )
    retention_days: int = Field(0, ge=0, le=36_500, description="a whole number of days, or 0 for no limit")
    message_content_intent: bool = Field(default=False, description="true or false")
    owner_ids: Annotated[frozenset[Annotated[int, Field(gt=0, lt=2**63)]], BeforeValidator(_split)] = Field(
        frozenset(), description="Discord user ids, separated by commas"
    )
    budget_usd_per_month: Decimal | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="an amount in US dollars from 0 to 1000000, or leave it empty",
    )
    budget_usd_per_person_per_day: Decimal | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="an amount in US dollars from 0 to 1000000, or leave it empty",
    )
    budget_usd_per_person_per_month: Decimal | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="an amount in US dollars from 0 to 1000000, or leave it empty",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = Field(
        "INFO", description="debug, info, warning or error"
    )
    log_format: Annotated[Literal["text", "json"], Lower] = Field("text", description="text or json")
    discord_api_base: Annotated[str, AfterValidator(UrlForm(("http", "https"), "/api/v10").check)] | None = Field(
        None, description="an http or https address that ends in /api/v10, or leave it empty"
    )
    discord_gateway: Annotated[str, AfterValidator(UrlForm(("ws", "wss")).check)] | None = Field(
        None, description="a ws or wss address, or leave it empty"
    )

    @field_validator(*NEEDED_BY)
    @classmethod
    def _present_if_needed(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - passes through
        provider = info.data.get("model_provider")
        if value is None and provider is NEEDED_BY[info.field_name or ""]:
            raise ValueError(f"is missing, and MODEL_PROVIDER={provider} needs it")
        return value

    @field_validator("model", "fallback_models")
    @classmethod
    def _own_ids(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a string or a tuple of them
        """Turn ids into the provider's own: `openrouter/openai/gpt-4o` is `openai/gpt-4o`."""
        provider = info.data.get("model_provider")
        if provider is None:  # reported by itself
            return value
        try:
            if isinstance(value, tuple):
                return tuple(normalize_model(model, provider) for model in value)
            return normalize_model(value, provider)
        except ValueError as error:
            raise ValueError(f"can't be used: {str(error).rstrip('.')}") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`load_settings` passes the environment in, so tests needn't touch that of their process."""
        return init_settings, dotenv_settings

    @classmethod
    def read(cls, env: Mapping[str, str], env_file: Path | None) -> Self:
        """Build from an environment, which wins, and a `.env` file."""
        given: dict[str, Any] = {
            name: value for name in cls.model_fields if (value := _unquoted(env.get(name.upper(), "")))
        }
        given["_env_file"] = env_file  # pydantic-settings' own
        return cls(**given)

    @property
    def database_path(self) -> Path:
        """The database's file; relative paths start at the current folder."""
        return Path(self.database_url.removeprefix(SQLITE_SCHEME))

    @property
    def streams_per_server(self) -> int:
        """One server's share of the streams; unset, a fifth stays free for the others."""
        return self.max_streams_per_server or max(1, self.max_streams * 4 // 5)

    @property
    def budgets_nano_usd(self) -> tuple[int | None, int | None, int | None]:
        """The owner's budgets in nano-dollars: a month for everybody, one person's day, one person's month."""
        month, person_day, person_month = (
            None if amount is None else int(amount * NANO)
            for amount in (
                self.budget_usd_per_month,
                self.budget_usd_per_person_per_day,
                self.budget_usd_per_person_per_month,
            )
        )
        return month, person_day, person_month

    @property
    def secrets(self) -> tuple[str, ...]:
        """What logs, errors and replies must never show."""
        given = (self.discord_token, self.openrouter_api_key, self.openai_api_key)
        return tuple(secret.get_secret_value() for secret in given if secret is not None)


def load_settings(env: Mapping[str, str], env_file: Path | None) -> Settings:
    """Read the settings from the environment and, for those missing or empty there, from a `.env` file.

    Raises:
        SettingsError: with all faults.
    """
    try:
        return Settings.read(env, env_file)
    except ValidationError as error:
        meant = misspelled(env, env_file)
        faults = (_fault(e["loc"][0], e["type"], e.get("ctx", {}), meant) for e in error.errors())
        raise SettingsError(tuple(dict.fromkeys(faults))) from None
    except UnicodeDecodeError:
        raise SettingsError((f"{env_file} isn't UTF-8 text. Save it as UTF-8.",)) from None
    except OSError as error:
        raise SettingsError((f"{env_file} can't be read ({error.strerror}). Check its permissions.",)) from None


def misspelled(env: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """Settings that nobody set, each with a variable that probably means it: `MAX_TOKENS`: `MAX_TOKEN`."""
    file = dotenv_values(env_file, encoding="utf-8-sig") if env_file else {}
    given = {name for name, value in (*env.items(), *file.items()) if value}
    unset = {name.upper() for name in Settings.model_fields} - given - {name.upper() for name in file}
    known, meant = {_letters(name): name for name in unset}, {}
    for name in sorted(given):
        close = get_close_matches(_letters(name), known, n=1, cutoff=ALIKE)
        # Another program's variable is more likely to share a short name, or all but its prefix.
        if close and (close[0] == _letters(name) or (name[0].upper() == close[0][0] and len(close[0]) >= LONG)):
            meant[known[close[0]]] = name
    return meant


def _letters(name: str) -> str:
    return name.upper().replace("_", "").replace("-", "")


def _fault(name: int | str, kind: str, context: Mapping[str, Any], meant: Mapping[str, str]) -> str:
    setting, advice = str(name).upper(), str(Settings.model_fields[str(name)].description)
    wrong = {"missing": "is missing", "value_error": str(context.get("error"))}.get(kind, "isn't valid")
    if wrong.startswith("is missing") and setting in meant:
        return f"{setting} is missing, but {meant[setting]} is set. Rename it to {setting}."
    return f"{setting} {wrong}. {advice if advice.startswith('Copy ') else f'Set it to {advice}'}."
