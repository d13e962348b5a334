"""What answers cost and what may be spent: the ledger, budgets, billing, settlement, usage.

May import `bot.core`, `bot.display` and `bot.settings`.
"""
