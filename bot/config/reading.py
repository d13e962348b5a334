"""Reads the settings and names everything that is wrong with them at once."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from bot.config.settings import Settings

SETUP = "`python -m bot setup`"
UNCONNECTED = {"DISCORD_TOKEN": "no.token.needed", "MODEL_PROVIDER": "openrouter", "OPENROUTER_API_KEY": "none"}
ALIKE, LONG = 0.87, 8  # how much a name must be like a setting's to be taken for it, and from how many letters on


class SettingsError(Exception):
    """The bot can't use its settings; `faults` says what is wrong with each and how to fix it, never its value."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        head = "Headwater can't start. Fix these settings in the environment or in .env:"
        return "\n".join([head, *(f"  - {fault}" for fault in self.faults), f"Or let {SETUP} ask you for them."])


def load_settings(env: Mapping[str, str], env_file: Path | None, *, offline: bool = False) -> Settings:
    """Read the settings from the environment and, for those missing or empty there, from a `.env` file.

    With `offline`, for work on the database alone, the settings that connect the bot may be missing or wrong.

    Raises:
        SettingsError: with all faults.
    """
    try:
        return Settings.read({**env, **UNCONNECTED} if offline else env, env_file)
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
    for name in sorted(given - {name.upper() for name in Settings.model_fields}):
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
