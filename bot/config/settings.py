"""The owner's settings, one field each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.fields import (
    SQLITE_SCHEME,
    ApiKey,
    DatabaseUrl,
    DiscordUrl,
    Dollars,
    GatewayUrl,
    HttpUrl,
    Id,
    Items,
    Lower,
    OpenRouterUrl,
    Seconds,
    Token,
    Upper,
    unquoted,
)
from bot.core.model_ids import Provider, normalize_model
from bot.core.units import NANO

DEFAULT_SYSTEM_PROMPT = (
    "You are {bot}, a helpful assistant on Discord. Channel: {channel}. Server: {server}. Today is {date}. "
    "Each user message begins with its author's name and a colon; begin your own without one. Answer in the "
    "language you are asked in, in Discord's Markdown, and be brief unless asked for detail."
)
SECONDS = "a number of seconds, above 0 and at most a day"
DOLLARS = "an amount in US dollars from 0 to 1000000, or leave it empty"
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
        description="Copy it from https://discord.com/developers/applications: Bot, Reset Token"
    )
    # Comes before what depends on it: fields are checked in this order.
    model_provider: Annotated[Provider, Lower] = Field(
        Provider.OPENROUTER, description="openrouter, ollama or openai"
    )
    openrouter_api_key: ApiKey | None = Field(
        None, description="Copy one from https://openrouter.ai/settings/keys"
    )
    openrouter_api_base: OpenRouterUrl = Field(
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
    fallback_models: Annotated[tuple[str, ...], Items] = Field(
        (), description="model ids of the provider, separated by commas"
    )
    transcription_model: str | None = Field(
        None, description="the id of a model of OpenRouter's that transcribes, such as openai/whisper-1"
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
    first_token_timeout: Seconds = Field(60, description=SECONDS)
    token_gap_timeout: Seconds = Field(60, description=SECONDS)
    thinking_timeout: Seconds = Field(300, description=SECONDS)
    answer_timeout: Seconds = Field(600, description=SECONDS)

    database_url: DatabaseUrl = Field(
        "sqlite:///data/headwater.db",
        description="sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name",
    )
    shard_count: int | None = Field(
        None, ge=1, le=100_000, description="the number of shards of the whole bot, or leave it empty"
    )
    shard_ids: Annotated[tuple[int, ...], Items] = Field(
        (), description="numbers of shards from 0 to below SHARD_COUNT, separated by commas, or leave it empty"
    )
    retention_days: int = Field(0, ge=0, le=36_500, description="a whole number of days, or 0 for no limit")
    thinking_retention_days: int = Field(
        7, ge=0, le=36_500, description="a whole number of days, or 0 to keep them as long as their answers"
    )
    message_content_intent: bool = Field(default=False, description="true or false")
    owner_ids: Annotated[frozenset[Id], Items] = Field(
        frozenset(), description="Discord user ids, separated by commas"
    )
    budget_usd_per_month: Dollars | None = Field(None, description=DOLLARS)
    budget_usd_per_person_per_day: Dollars | None = Field(None, description=DOLLARS)
    budget_usd_per_person_per_month: Dollars | None = Field(None, description=DOLLARS)
    port: int | None = Field(None, ge=1, le=65_535, description="a number from 1 to 65535, or leave it empty")
    health_host: str = Field("127.0.0.1", min_length=1, description="an address of this machine")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = Field(
        "INFO", description="debug, info, warning or error"
    )
    log_format: Annotated[Literal["text", "json"], Lower] = Field("text", description="text or json")
    discord_api_base: DiscordUrl | None = Field(
        None, description="an http or https address that ends in /api/v10, or leave it empty"
    )
    discord_gateway: GatewayUrl | None = Field(None, description="a ws or wss address, or leave it empty")
    discord_cdn_base: HttpUrl | None = Field(None, description="an http or https address, or leave it empty")

    @field_validator(*NEEDED_BY)
    @classmethod
    def _present_if_needed(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - passes through
        provider = info.data.get("model_provider")
        if value is None and provider is NEEDED_BY[info.field_name or ""]:
            raise ValueError(f"is missing, and MODEL_PROVIDER={provider} needs it")
        return value

    @field_validator("shard_ids")
    @classmethod
    def _of_the_count(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        count = info.data.get("shard_count")
        if value and not count:
            raise ValueError("is set without SHARD_COUNT")
        if (
            value
            and len(set(value)) < (count or 0)
            and info.data.get("database_url", "").startswith(SQLITE_SCHEME)
        ):
            raise ValueError("names a part of the shards, but several processes need PostgreSQL as DATABASE_URL")
        if count and not all(0 <= number < count for number in value):
            raise ValueError("names a shard that there isn't")
        return tuple(sorted(set(value)))

    @field_validator("transcription_model")
    @classmethod
    def _transcribed_by_openrouter(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("model_provider", Provider.OPENROUTER) is not Provider.OPENROUTER:
            raise ValueError("works with MODEL_PROVIDER=openrouter only")
        return value

    @field_validator("model", "fallback_models", "transcription_model")
    @classmethod
    def _own_ids(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a string or a tuple of them
        """Turn ids into the provider's own: `openrouter/openai/gpt-4o` is `openai/gpt-4o`."""
        provider = info.data.get("model_provider")
        if provider is None or value is None:  # reported by itself; not set
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
            name: value for name in cls.model_fields if (value := unquoted(env.get(name.upper(), "")))
        }
        given["_env_file"] = env_file  # pydantic-settings' own
        return cls(**given)

    @property
    def database_path(self) -> Path | None:
        """The database's file; relative paths start at the current folder. None where it's on a server."""
        if not self.database_url.startswith(SQLITE_SCHEME):
            return None
        return Path(self.database_url.removeprefix(SQLITE_SCHEME))

    @property
    def unbooked_path(self) -> Path:
        """The file for spending that the database couldn't take; each process has its own."""
        if path := self.database_path:
            return path.with_name(f"{path.name}-unbooked")
        return Path("data", "-".join(["unbooked", *map(str, self.shard_ids)]))

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
        found = [secret.get_secret_value() for secret in given if secret is not None]
        password = urlsplit(self.database_url).password
        return (*found, *({password, unquote(password)} if password else ()))
