"""PostgreSQL as a `Database`: for a bot of several processes, and where platforms offer nothing else.

May import what `bot.storage` may, and asyncpg.
"""
