"""A question becomes an answer that is shown and remembered. Start at `chat`.

May import every inner room: `bot.core`, `bot.display`, `bot.settings`, `bot.money` and `bot.access`.
"""
