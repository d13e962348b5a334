"""What `python -m bot setup` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ui.texts.models import context, prices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.records import ModelInfo

# --- The command line ---

HELP = "set the bot up, step by step, and check that everything works"
ABOUT = (
    "Asks for what the bot needs, tries each answer at once, and writes them to .env. "
    "Run it again at any time: it keeps what works. "
    "Each answer can also be given as a flag, or in the environment by the name of its setting."
)
HELP_TOKEN = "the bot's token; other people on this computer can see flags, so the environment is a better place"  # noqa: S105 - a sentence
HELP_CONTENT = "whether the bot may read messages that don't mention it: on or off"
HELP_WAIT = "how many seconds to wait until the bot is in a server (without a terminal: 0)"
HELP_PROVIDER = "who serves the models: openrouter, ollama or openai"
HELP_KEY = "the key for OpenRouter, or for the server at --address"
HELP_ADDRESS = "the address of Ollama, or of a server that speaks OpenAI's protocol"
HELP_MODEL = "the id of the model that answers"
HELP_BUDGET = "the most that all answers may cost in a month, in US dollars, or none"
HELP_START = "start the bot afterwards"
HELP_NON_INTERACTIVE = "ask nothing; an answer that's missing is an error"

# --- Before and after ---

WELCOME = "Let's set up your bot. It takes about five minutes, and you can stop at any time with Ctrl-C."
WELCOME_BACK = "You've been here before. I keep what works and ask for the rest."
COMPLETE = "Everything is set up. What would you like to change?"
NOTHING = "Nothing. Check everything once more"
STOPPED = "Stopped. Your answers so far are in .env. Run `python -m bot setup` to go on."
CHECKING = "Checking everything"
START_NOW = "Start the bot now? (y/n)"
HOW_TO_START = "Start it with `python -m bot` or `make run`."
NOT_WELL = "Fix what the check found, then run `python -m bot setup` again."
ENV_HEAD = "# Headwater's settings, written by `python -m bot setup`. The process environment wins over this file."
MENU_HINT = "(arrow keys or a number, then Enter)"
NUMBER = "Number:"
YES = ("y", "yes", "on", "true", "1")
NO = ("n", "no", "off", "false", "0")
YES_OR_NO = "Please type y or n."

STEP_BOT = "Discord: your bot"
STEP_CONTENT = "Discord: what the bot may read"
STEP_SERVER = "Discord: your server"
STEP_PROVIDER = "Models: who serves them"
STEP_MODEL = "Models: which one answers"
STEP_BUDGET = "Money"

# --- Discord ---

BOT_WHERE = """\
1. Open https://discord.com/developers/applications and press New Application.
2. On its page, open Bot and press Reset Token.
3. Copy the token and paste it here. It stays hidden."""
BOT_QUESTION = "Bot token:"
BOT_REJECTED = (
    "Discord doesn't know this token. Open your application in the developer portal, then Bot, Reset Token, and "
    "copy the new one. The Client Secret and the Public Key are other things."
)
BOT_FORM = (
    "That isn't a bot token: it has three parts with dots between them. Open your application in the developer "
    "portal, then Bot, Reset Token, and copy what it shows."
)
CONTENT_ABOUT = """\
By default the bot reads messages that mention it, replies to it, and direct messages.
With the message content intent it reads all messages, and can answer without a mention."""
CONTENT_QUESTION = "Let it read all messages? (y/n)"
CONTENT_ON = "The message content intent is on."
CONTENT_OFF = "The message content intent stays off in the bot. You can turn it on later."
CONTENT_BY_HAND = (
    "Discord doesn't let me turn it on. Open your application in the developer portal, then Bot, Privileged "
    "Gateway Intents, switch on Message Content Intent, and save."
)
CONTENT_DONE = "Press Enter when it's on."
CONTENT_STILL_OFF = "Discord still says it's off, so I leave it off in the bot."
INVITE = "Open this link, or scan the code, and choose your server:"
INVITE_WAITING = "Waiting for the bot to join. Press Enter to go on without waiting."
TRY_AGAIN = "Press Enter to try again, or Ctrl-C to stop."
INVITE_LATER = "The bot isn't in a server yet. The link keeps working."


def bot_found(name: str, picture: str) -> str:
    return f"This is {name}. Its picture: {picture}"


def unreachable(where: str, why: str) -> str:
    return f"{where} can't be reached ({why}). Check this computer's connection, and HTTPS_PROXY if you need one."


def content_state(*, granted: bool) -> str:
    return "Discord says: it's on for this bot." if granted else "Discord says: it's off for this bot."


def in_servers(names: Sequence[str]) -> str:
    """The servers that the bot is in."""
    shown, more = ", ".join(names[:3]), len(names) - 3
    return f"The bot is in {shown}." if more <= 0 else f"The bot is in {shown} and {more} more."


def joined(name: str) -> str:
    return f"The bot joined {name}."


# --- Models ---

PROVIDER_QUESTION = "Who serves the models?"
SIGN_IN = "OpenRouter: sign in with the browser, no key to copy"
PASTE_KEY = "OpenRouter: paste a key"
OTHER_SERVER = "Another server that speaks OpenAI's protocol"
OLLAMA = "Ollama"
SIGN_IN_OPEN = "Open this link, sign in, and copy the code that OpenRouter shows you:"
CODE_QUESTION = "Code:"
CODE_REJECTED = "OpenRouter doesn't take this code. Each works once, for ten minutes. Here's a new link."
KEY_WHERE = "Create a key at https://openrouter.ai/settings/keys and paste it here. It stays hidden."
KEY_QUESTION = "OpenRouter key:"
KEY_REJECTED = "OpenRouter doesn't know this key. Copy it again from https://openrouter.ai/settings/keys."
KEY_FORM = "A key has no spaces and no quotes in it. Copy it again."
ADDRESS_QUESTION = "Address, up to its version, such as https://api.openai.com/v1:"
ADDRESS_FORM = "That isn't an address. It starts with http:// or https://."
OLLAMA_ADDRESS = "Ollama's address:"
OLLAMA_EMPTY = "Ollama has no models yet. Get one with `ollama pull llama3.2`, then press Enter."
OTHER_KEY = "Its key (press Enter if it needs none):"
NO_KEY = "none"
SERVER_REJECTED = "The server doesn't take this key."
MODEL_QUESTION = "Which model answers, unless an admin chooses another?"
SEARCH = "Search all models"
SEARCH_QUESTION = "Part of a name:"
NOTHING_FOUND = "No model matches that."
MORE_FOUND = "Which one?"
BACK = "None of these"


def ollama_found(count: int) -> str:
    models = "1 model" if count == 1 else f"{count} models"
    return f"Ollama on this computer, {models}"


def key_works(left: float | None) -> str:
    return "The key works. It has no limit." if left is None else f"The key works, with ${left:,.2f} left."


def server_answers(models: int) -> str:
    return f"The server answers. It offers {models:,} models."


def model_label(info: ModelInfo) -> str:
    """A model in the menu."""
    return f"{info.id} · {context(info.context_length)} · {prices(info)}"


def model_chosen(model: str) -> str:
    return f"{model} answers."


def model_unknown(model: str) -> str:
    return f"The provider doesn't offer {model}."


# --- Money ---

BUDGET_ABOUT = (
    "A ceiling for all servers together. When it's reached, the bot says so and waits for the next month."
)
BUDGET_QUESTION = "Dollars a month, or none:"
BUDGET_FORM = "Type an amount such as 10 or 2.50, or none."
NO_LIMIT = "none"


def budget_set(amount: str) -> str:
    return "No monthly ceiling." if not amount else f"At most ${amount} a month."


# --- Without a terminal ---


def needs(question: str, flag: str, setting: str) -> str:
    """For something that has to be asked where nobody can answer."""
    ways = f"{flag} or {setting}" if setting else flag
    return f"{question.rstrip(':?')} is missing. Give it with {ways}."


def refused(flag: str, why: str) -> str:
    """For an answer that is wrong where nobody can give another."""
    return f"{flag}: {why}"


def unwritable(path: str, why: str) -> str:
    return f"{path} can't be read or written ({why}). Check its permissions and run this again."
