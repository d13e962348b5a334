"""What the log says of the connection to Discord, where only a person can help."""

from __future__ import annotations

COPY_TOKEN = "Copy it again from the developer portal (Bot, Reset Token) to DISCORD_TOKEN."  # noqa: S105 - a sentence
TURN_INTENT_ON = (
    "Turn it on in the developer portal (Bot, Privileged Gateway Intents), or set MESSAGE_CONTENT_INTENT=false."
)
TOKEN_REJECTED = f"Discord rejected the token. {COPY_TOKEN}"
INTENT_MISSING = f"Discord doesn't grant this bot the message content intent. {TURN_INTENT_ON}"
# Discord's close codes after which reconnecting can't help:
# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
FATAL_CLOSES = {
    4004: TOKEN_REJECTED,
    4010: "Discord rejected this bot's shard number. Check SHARD_IDS and SHARD_COUNT.",
    4011: (
        "Discord says this bot is in too many servers for its number of shards. Leave SHARD_COUNT and SHARD_IDS "
        "empty, or raise SHARD_COUNT for every process."
    ),
    4012: "Discord no longer supports the gateway version this bot uses. Update Headwater.",
    4013: "Discord doesn't know an intent this bot asks for. Update Headwater.",
    4014: INTENT_MISSING,
}
