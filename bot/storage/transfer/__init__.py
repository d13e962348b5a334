"""Moving everything from one database to another, whichever engines they have.

May import what `bot.storage` may.
"""
