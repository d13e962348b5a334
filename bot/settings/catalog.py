"""The settings there are. Their order is the order in which people see them."""

from __future__ import annotations

from bot.core.units import DAY_S
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
    sentence="When I answer: on a mention, always (which needs the message-content intent), or never",
    kind=OneOf(("mention", "always", "never")),
    default="mention",
)
THREADS = SettingSpec(
    key="threads",
    sentence="Whether I open a thread for each question that mentions me; with `branch` it goes on from what was "
    "said in the channel",
    kind=OneOf(("off", "on", "branch")),
    default="off",
)
REASONING = SettingSpec(
    key="reasoning",
    sentence="Whether a model's thoughts are shown until its answer begins",
    kind=SWITCH,
    default="off",
)
FOOTER = SettingSpec(
    key="footer",
    sentence="Whether model, tokens and cost stand under each answer",
    kind=SWITCH,
    default="off",
)
WINDOW_NOTE = SettingSpec(
    key="window_note",
    sentence="Whether I say below an answer that earlier messages no longer fit into what the model reads",
    kind=SWITCH,
    default="off",
)
PING_AFTER = SettingSpec(
    key="ping_after",
    sentence="Tell the person who asked, with a ping, when an answer took at least this long; 0 never does",
    kind=Number(low=0, high=DAY_S, unit="s"),
    default="0",
)
TEMPERATURE = SettingSpec(
    key="temperature",
    sentence="How freely the model chooses its words",
    kind=Number(low=0, high=2, whole=False),
    without="as the bot's owner set it",
)
ANSWER_LENGTH = SettingSpec(
    key="answer_length",
    sentence="The longest answer, as far as the bot's owner allows",
    kind=Number(low=1, high=LONGEST_ANSWER, unit="tokens"),
    without="as the bot's owner set it",
)
ADMIN_ROLE = SettingSpec(
    key="admin_role",
    sentence="A role whose members may do what people with Manage Server may",
    kind=Mentions("@&", "one role", most=1),
    where=(SERVER,),
)
ALLOWED_ROLES = SettingSpec(
    key="allowed_roles",
    sentence="Only these roles (and the allowed users, and admins) may ask me",
    kind=ROLES,
    without="everybody",
)
ALLOWED_USERS = SettingSpec(
    key="allowed_users",
    sentence="Only these people (and the allowed roles, and admins) may ask me",
    kind=PEOPLE,
    without="everybody",
)
DENIED_ROLES = SettingSpec(
    key="denied_roles", sentence="These roles may not ask me", kind=ROLES, without="nobody", adds_up=True
)
DENIED_USERS = SettingSpec(
    key="denied_users", sentence="These people may not ask me", kind=PEOPLE, without="nobody", adds_up=True
)
ALLOWED_CHANNELS = SettingSpec(
    key="allowed_channels",
    sentence="I answer in these channels only, and in their threads",
    kind=CHANNELS,
    without="all channels",
    where=(SERVER,),
)
DENIED_CHANNELS = SettingSpec(
    key="denied_channels",
    sentence="I do not answer in these channels, nor in their threads",
    kind=CHANNELS,
    without="none",
    where=(SERVER,),
)
ALLOWED_MODELS = SettingSpec(
    key="allowed_models",
    sentence="The models that may be chosen here",
    kind=Patterns(),
    without="all models",
    where=(SERVER,),
)
PRICE_CEILING = SettingSpec(
    key="price_ceiling",
    sentence="The most that a model which may be chosen here costs",
    kind=Dollars("per million tokens", most=10_000),
    without="no ceiling",
    where=(SERVER,),
)

EXEMPT_ROLES = SettingSpec(
    key="exempt_roles",
    sentence="Roles that neither the pace nor this server's budgets hold for",
    kind=ROLES,
    without="nobody",
    where=(SERVER,),
)
RATE_LIMIT = SettingSpec(
    key="rate_limit",
    sentence="How often one person may ask me",
    kind=Number(low=1, high=600, unit="questions a minute"),
    without="as often as they like",
)


def _budget(payer: str, period: str, whose: str) -> SettingSpec:
    return SettingSpec(
        key=f"{payer}_{period}",
        sentence=f"The most that {whose} may spend a {period}",
        kind=Dollars(f"a {period}"),
        without="no limit",
        where=EVERYWHERE if payer == CHANNEL else (SERVER,),
    )


PAYERS = {"person": "one person", CHANNEL: "one channel, its threads included,", SERVER: "the whole server"}
BUDGETS = {
    (payer, period): _budget(payer, period, whose)
    for payer, whose in PAYERS.items()
    for period in ("day", "month")
}

SETTINGS = (
    ANSWER,
    THREADS,
    REASONING,
    FOOTER,
    WINDOW_NOTE,
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
MONEY_SETTINGS = (*BUDGETS.values(), RATE_LIMIT, EXEMPT_ROLES)
BY_KEY = {spec.key: spec for spec in (*SETTINGS, *MONEY_SETTINGS)}
