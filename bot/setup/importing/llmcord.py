"""llmcord's `config.yaml` as our settings: each of its lines is taken, changed, or not supported.

js-llmcord's file has the same lines. llmcord's form until 2025 (`model`, `extra_api_parameters`) is read too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from bot.core.model_ids import Provider
from bot.ui.texts.terminal import importing as texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BYTES = 2**20
NAMES = 100  # lines told of one section
PLAIN: Mapping[str, tuple[str, str]] = {  # needs no setting here
    "client_id": (texts.CHANGED, texts.NO_ID),
    "status_message": (texts.LEFT, texts.STATUS),
    "max_text": (texts.CHANGED, texts.FITS),
    "max_messages": (texts.CHANGED, texts.FITS),
    "max_images": (texts.CHANGED, texts.BOUNDED),
    "use_plain_responses": (texts.CHANGED, texts.PLAIN),
    # js-llmcord's
    "per_channel_model": (texts.TAKEN, texts.PER_CHANNEL),
    "additional_vision_models": (texts.CHANGED, texts.SUFFIX),
    "experimental_overflow_splitting": (texts.TAKEN, texts.WHOLE),
    "max_retry": (texts.CHANGED, texts.RETRIES),
    "debug_message": (texts.CHANGED, texts.LOGGED),
    "stats_for_nerds": (texts.CHANGED, texts.FOOTER),
    "tools": (texts.LEFT, texts.TOOLS),
    "rag": (texts.LEFT, texts.TOOLS),
}
LISTS = {  # llmcord's permissions: ours for a server
    "users.allowed_ids": "allowed_users",
    "users.blocked_ids": "denied_users",
    "roles.allowed_ids": "allowed_roles",
    "roles.blocked_ids": "denied_roles",
    "channels.allowed_ids": "allowed_channels",
    "channels.blocked_ids": "denied_channels",
}
PARAMETERS = {"max_tokens": "MAX_TOKENS", "max_completion_tokens": "MAX_TOKENS", "temperature": "TEMPERATURE"}
VISION = ":vision"  # llmcord's mark of models that see pictures


class Note(NamedTuple):
    """What became of one line: `taken`, `changed` or `not supported`, and how."""

    name: str
    fate: str
    what: str


@dataclass(slots=True)
class Imported:
    """Our settings, those of a server by their key, and a word about each of the file's lines."""

    settings: dict[str, str] = field(default_factory=dict)
    server: dict[str, str] = field(default_factory=dict)  # ids separated by commas
    notes: list[Note] = field(default_factory=list)

    def take(self, name: str, setting: str, value: object) -> None:
        if not isinstance(value, str | int | float) or not str(value).strip():
            self.notes.append(Note(name, texts.CHANGED, texts.EMPTY))
            return
        self.settings[setting] = str(value).strip()
        self.notes.append(Note(name, texts.TAKEN, texts.became(setting)))


def read(data: bytes) -> Imported:
    """Read a file.

    Raises:
        ValueError: with a sentence; it isn't such a file.
    """
    if len(data) > BYTES:
        raise ValueError(texts.TOO_LARGE)
    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise ValueError(texts.NOT_A_MAP) from None
    if not isinstance(document, dict) or not document:
        raise ValueError(texts.NOT_A_MAP)
    config = {str(key): value for key, value in document.items()}
    imported = Imported()
    imported.take("bot_token", "DISCORD_TOKEN", config.pop("bot_token", None))
    _permissions(imported, _map(config.pop("permissions", None)))
    _models(imported, config)
    if level := config.pop("log_level", None):
        imported.take("log_level", "LOG_LEVEL", {"warn": "warning"}.get(str(level), level))
    imported.take("system_prompt", "SYSTEM_PROMPT", config.pop("system_prompt", None))
    for name, value in list(config.items())[:NAMES]:
        fate, what = PLAIN.get(name, (texts.LEFT, texts.UNKNOWN))
        if name == "allow_dms":
            fate, what = (texts.TAKEN, texts.DIRECT_ON) if value else (texts.LEFT, texts.DIRECT)
        imported.notes.append(Note(name, fate, what))
    return imported


def _permissions(imported: Imported, permissions: Mapping[str, Any]) -> None:
    for name, ids in _lists(permissions):
        shown = f"permissions.{name}"
        if not ids:
            imported.notes.append(Note(shown, texts.CHANGED, texts.EMPTY))
        elif name == "users.admin_ids":
            imported.take(shown, "OWNER_IDS", ",".join(ids))
        elif key := LISTS.get(name):
            imported.server[key] = ", ".join(ids)
            imported.notes.append(Note(shown, texts.CHANGED, key))  # the command says where it goes
        else:
            imported.notes.append(Note(shown, texts.LEFT, texts.UNKNOWN))


def _lists(permissions: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for group, lists in permissions.items():
        for name, ids in _map(lists).items():
            items = ids if isinstance(ids, list) else []
            yield f"{group}.{name}", [str(item).strip() for item in items if str(item).strip().isdecimal()]


def _models(imported: Imported, config: dict[str, Any]) -> None:
    """The first model answers, as in llmcord; its provider is the one that is taken."""
    models, providers = config.pop("models", None), _map(config.pop("providers", None))
    listed = list(models) if isinstance(models, dict | list) else []
    named = [name for name in (config.pop("model", None), *listed) if isinstance(name, str) and name]
    parameters = _map(_map(models).get(named[0])) if named else {}
    parameters = {**_map(config.pop("extra_api_parameters", None)), **parameters}
    first = named[0] if named else ""
    provider, _, model = first.partition("/")
    _provider(imported, provider, providers)
    if first:
        if model.endswith(VISION):
            imported.notes.append(Note(VISION, texts.CHANGED, texts.SUFFIX))
        imported.take(f"models.{first}", "MODEL", _id(imported, model.removesuffix(VISION)))
    for other in named[1:NAMES]:
        imported.notes.append(Note(f"models.{other}", texts.CHANGED, texts.LIVE_LIST))
    for name, value in parameters.items():
        if setting := PARAMETERS.get(name):
            imported.take(f"models.{first}.{name}", setting, value)
        else:
            imported.notes.append(Note(f"models.{first}.{name}", texts.LEFT, texts.NOT_FOR_MODELS))


def _id(imported: Imported, model: str) -> str:
    """A model's id with the prefix of its provider, which ends doubt about ids that begin like one."""
    return f"{imported.settings.get('MODEL_PROVIDER', Provider.OPENAI)}/{model}"


def _provider(imported: Imported, chosen: str, providers: Mapping[str, Any]) -> None:
    for name, given in providers.items():
        address, key = str(_map(given).get("base_url") or ""), _map(given).get("api_key")
        shown = f"providers.{name}"
        if name != chosen:
            imported.notes.append(Note(shown, texts.LEFT, texts.ONE_PROVIDER))
            continue
        kind = Provider(name) if name in {Provider.OPENROUTER, Provider.OLLAMA} else Provider.OPENAI
        imported.settings["MODEL_PROVIDER"] = kind
        if kind is Provider.OPENROUTER:
            imported.take(f"{shown}.api_key", "OPENROUTER_API_KEY", key)
        elif kind is Provider.OLLAMA:
            imported.take(f"{shown}.base_url", "OLLAMA_API_BASE", address.removesuffix("/v1"))
        else:
            imported.take(f"{shown}.base_url", "OPENAI_API_BASE", address)
            imported.take(f"{shown}.api_key", "OPENAI_API_KEY", key or "none")


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
