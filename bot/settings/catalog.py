"""All settings, in the order in which people see them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from bot.core.units import DAY_S, NANO
from bot.settings.specs import (
    CHANNEL,
    EVERYWHERE,
    SERVER,
    SWITCH,
    Dollars,
    Mentions,
    Number,
    OneOf,
    Patterns,
    SettingSpec,
)

ROLES, PEOPLE, CHANNELS = Mentions("@&", "roles"), Mentions("@", "people"), Mentions("#", "channels")
LONGEST_ANSWER = 1_000_000  # tokens, as for MAX_TOKENS

ANSWER = SettingSpec(
    key="answer",
    description="When I answer: on a mention, always (needs the message content intent), or never",
    kind=OneOf(("mention", "always", "never")),
    default="mention",
)
THREADS = SettingSpec(
    key="threads",
    description="Open a thread for each question that mentions me; with `branch`, it continues this conversation",
    kind=OneOf(("off", "on", "branch")),
    default="off",
)


class ShownThinking(StrEnum):
    """What people see of a model's thoughts, besides that it thinks, and for how long."""

    OFF = "off"
    LIVE = "live"  # the newest, until the answer starts
    BUTTON = "button"  # all of them, by a button under the answer


REASONING = SettingSpec(
    key="reasoning",
    description="The model's thinking: hidden, live until its answer starts, or behind a button under the answer",
    kind=OneOf(tuple(ShownThinking)),
    default=ShownThinking.OFF,
)
WEB = SettingSpec(
    key="web",
    description="Let the model search the web: questions then also go to a search engine, which may keep them",
    kind=SWITCH,
    default="off",
)
WEB_CEILING = SettingSpec(
    key="web_ceiling",
    description="The most that one question's web searches can cost",
    kind=Dollars("per question", most=10, least=Decimal("0.01")),
    when_unset="$0.05 per question",
)
WEB_CEILING_NANO_USD = NANO // 20  # while nobody set one
RICH_TEXT = SettingSpec(
    key="rich_text",
    description="Draw tables, formulas and footnotes, which Discord doesn't; off shows what the model wrote",
    kind=SWITCH,
    default="on",
)
PREVIEWS = SettingSpec(
    key="previews",
    description="Let Discord preview links in answers, three a message at most",
    kind=SWITCH,
    default="off",
)
FOOTER = SettingSpec(
    key="footer",
    description="Show model, tokens and cost under each answer",
    kind=SWITCH,
    default="off",
)
WINDOW_NOTE = SettingSpec(
    key="window_note",
    description="Say under an answer when earlier messages no longer fit into what the model can read",
    kind=SWITCH,
    default="off",
)
ROOM = SettingSpec(
    key="room",
    description=(
        "How many messages before a question I read for context; I don't store them. It needs the message content "
        "intent"
    ),
    kind=Number(low=0, high=50, unit="messages"),
    default="20",
)
FILES = SettingSpec(
    key="files",
    description="Read pictures, documents, recordings and texts that come with questions",
    kind=SWITCH,
    default="on",
)
PING_AFTER = SettingSpec(
    key="ping_after",
    description="Ping the person who asked when an answer took at least this long; 0 means never",
    kind=Number(low=0, high=DAY_S, unit="seconds"),
    default="0",
)
TEMPERATURE = SettingSpec(
    key="temperature",
    description="How freely the model picks its words",
    kind=Number(low=0, high=2, whole=False),
    when_unset="the bot owner's setting",
)
ANSWER_LENGTH = SettingSpec(
    key="answer_length",
    description="The longest answer, up to the limit of the bot's owner",
    kind=Number(low=1, high=LONGEST_ANSWER, unit="tokens"),
    when_unset="the bot owner's setting",
)
ADMIN_ROLE = SettingSpec(
    key="admin_role",
    description="A role whose members can do what people with Manage Server can",
    kind=Mentions("@&", "one role", most=1),
    where=(SERVER,),
)
ALLOWED_ROLES = SettingSpec(
    key="allowed_roles",
    description="Only these roles can ask me, besides the allowed users and admins",
    kind=ROLES,
    when_unset="everybody",
)
ALLOWED_USERS = SettingSpec(
    key="allowed_users",
    description="Only these people can ask me, besides the allowed roles and admins",
    kind=PEOPLE,
    when_unset="everybody",
)
DENIED_ROLES = SettingSpec(
    key="denied_roles", description="These roles can't ask me", kind=ROLES, when_unset="nobody", combined=True
)
DENIED_USERS = SettingSpec(
    key="denied_users", description="These people can't ask me", kind=PEOPLE, when_unset="nobody", combined=True
)
ALLOWED_CHANNELS = SettingSpec(
    key="allowed_channels",
    description="I answer only in these channels and their threads",
    kind=CHANNELS,
    when_unset="all channels",
    where=(SERVER,),
)
DENIED_CHANNELS = SettingSpec(
    key="denied_channels",
    description="I don't answer in these channels or their threads",
    kind=CHANNELS,
    when_unset="none",
    where=(SERVER,),
)
ALLOWED_MODELS = SettingSpec(
    key="allowed_models",
    description="The models that can be chosen here",
    kind=Patterns(),
    when_unset="all models",
    where=(SERVER,),
)
PRICE_CEILING = SettingSpec(
    key="price_ceiling",
    description="The highest price of a model that can be chosen here",
    kind=Dollars("per million tokens", most=10_000),
    when_unset="no ceiling",
    where=(SERVER,),
)

EXEMPT_ROLES = SettingSpec(
    key="exempt_roles",
    description="Roles exempt from rate limits and this server's budgets",
    kind=ROLES,
    when_unset="nobody",
    where=(SERVER,),
)
RATE_LIMIT = SettingSpec(
    key="rate_limit",
    description="How often one person can ask me",
    kind=Number(low=1, high=600, unit="questions per minute"),
    when_unset="no limit",
)


def _budget(payer: str, period: str, whose: str) -> SettingSpec:
    return SettingSpec(
        key=f"{payer}_{period}",
        description=f"The most {whose} can spend per {period}",
        kind=Dollars(f"per {period}"),
        when_unset="no limit",
        where=EVERYWHERE if payer == CHANNEL else (SERVER,),
    )


PAYERS = {"person": "one person", CHANNEL: "one channel and its threads", SERVER: "the whole server"}
BUDGETS = {
    (payer, period): _budget(payer, period, whose)
    for payer, whose in PAYERS.items()
    for period in ("day", "month")
}

SETTINGS = (
    ANSWER,
    THREADS,
    REASONING,
    WEB,
    WEB_CEILING,
    RICH_TEXT,
    PREVIEWS,
    FOOTER,
    WINDOW_NOTE,
    ROOM,
    FILES,
    PING_AFTER,
    TEMPERATURE,
    ANSWER_LENGTH,
    ADMIN_ROLE,
    ALLOWED_ROLES,
    ALLOWED_USERS,
    DENIED_ROLES,
    DENIED_USERS,
    ALLOWED_CHANNELS,
    DENIED_CHANNELS,
    ALLOWED_MODELS,
    PRICE_CEILING,
)
BUDGET_SETTINGS = (*BUDGETS.values(), RATE_LIMIT, EXEMPT_ROLES)
BY_KEY = {spec.key: spec for spec in (*SETTINGS, *BUDGET_SETTINGS)}
