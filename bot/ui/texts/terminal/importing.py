"""What `python -m bot import` says."""

from __future__ import annotations

HELP = "take over the settings of another bot"
ABOUT = (
    "Reads another bot's settings file and writes what fits to .env. It says of each line what became of it. "
    "What .env has already stays, unless you add --force."
)
HELP_FILE = "its config.yaml"
HELP_FROM = "the other bot: llmcord, or js-llmcord, which has the same settings"
HELP_SERVER = "the id of your server, for who can ask and where; without it, the commands to type are shown"
HELP_FORCE = "replace what .env has"

TAKEN, CHANGED, LEFT = "taken", "changed", "not supported"
NEXT = "Now run `python -m bot setup`. It tries everything and asks for what is missing."
HEAD = {"taken": "Taken", "changed": "Changed", "not supported": "Not supported"}

NO_ID = "I read it from the token"
STATUS = "the bot shows no status"
FITS = "as much of the conversation as the model can read is sent"
BOUNDED = "pictures are bounded by size and count together"
PLAIN = "answers are always plain messages that stream"
DIRECT = "direct messages can't be turned off"
DIRECT_ON = "direct messages are on"
LIVE_LIST = "admins choose any model of the live list with `/model set`"
ONE_PROVIDER = "one provider at a time; OpenRouter serves the models of most"
NOT_FOR_MODELS = "there's no such setting for a model"
PER_CHANNEL = "each channel can have its own model"
WHOLE = "code blocks and links stay whole"
RETRIES = "failed calls are repeated where that can help"
LOGGED = "the log has ids and causes, at LOG_LEVEL=debug more of them"
FOOTER = "an admin turns it on with `/settings set` (`footer`)"
TOOLS = "models get no tools of your own; `web` lets them search the web"
UNKNOWN = "I don't know this setting"
EMPTY = "it's empty"
SUFFIX = "the live list knows which models see pictures"
NOT_A_MAP = "This file has no settings in it. It must be YAML, with lines such as `bot_token: …`."
TOO_LARGE = "This file is larger than a settings file can be."


def became(setting: str) -> str:
    return f"becomes {setting}"


def kept(setting: str) -> str:
    return f".env has {setting} already, and I keep that; --force replaces it"


def in_server(key: str) -> str:
    return f"becomes {key} in the settings of your server"


def to_type(key: str, value: str) -> str:
    """How an admin sets it in Discord."""
    return f"type this in your server: /settings set setting:{key} value:{value} scope:server"


def wrong(key: str) -> str:
    return f"the value doesn't fit {key}"


def line(name: str, what: str) -> str:
    return f"  {name}: {what}"


def unreadable(why: str) -> str:
    return f"The file can't be read ({why})."
