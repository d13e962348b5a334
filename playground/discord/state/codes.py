"""Discord's own numbers: types, flags, intents, opcodes, limits. All are from its developer documentation."""

# Message flags and types, channel types
EPHEMERAL, LOADING, HAS_THREAD, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 5, 1 << 15
SUPPRESS_EMBEDS = 1 << 2
VOICE_MESSAGE, HAS_SNAPSHOT = 1 << 13, 1 << 14
FORWARD = 1  # the type of a reference to a message that is forwarded
DEFAULT, REPLY, COMMAND_REPLY, MENU_REPLY = 0, 19, 20, 23
TEXT, DM, THREAD, PRIVATE_THREAD = 0, 1, 11, 12

# Interactions, the answers to them, commands, options, components
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, SHOW_MODAL = 4, 5, 6, 7, 8, 9
SLASH, MESSAGE_MENU = 1, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER = 1, 2, 3, 4, 5, 10
ROW, BUTTON, SELECT, LABEL, LINK_STYLE = 1, 2, 3, 18, 5
MENUS = {3, 5, 6, 7, 8}  # of strings, people, roles, both, channels

# The gateway: intents, opcodes, close codes
GUILDS, GUILD_MEMBERS, PRESENCES, GUILD_MESSAGES = 1 << 0, 1 << 1, 1 << 8, 1 << 9
DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 12, 1 << 15
HEARTBEAT, IDENTIFY, RESUME, REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = 1, 2, 6, 8, 9, 10, 11
UNKNOWN_OP, DECODE_ERROR, NOT_AUTHENTICATED, BAD_TOKEN, ALREADY_IDENTIFIED = 4001, 4002, 4003, 4004, 4005
DISALLOWED_INTENTS = 4014
HEARTBEAT_MS = 41_250
CONTENT_GRANTED = 1 << 19  # application flag: message content, for an app in few servers

# Limits
MESSAGE_CHARS = 2000
FILE_BYTES = 10 * 2**20  # of an upload to a server without boosts
DEADLINE, LIFETIME = 3.0, 900.0  # seconds to answer an interaction, and that its token is good for
NONCE_SECONDS = 300.0  # "the past few minutes"
EPOCH_MS = 1_420_070_400_000  # snowflakes count from the start of 2015
