"""The stores: conversations, settings, the ledger and the rest, in SQL.

May import the inner rooms; `bot.storage.engine` also aiosqlite.
"""
