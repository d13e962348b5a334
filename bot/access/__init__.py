"""Who may ask, and how often: people, the gate, refusals.

May import `bot.core`, `bot.display`, `bot.settings` and `bot.money`.
"""
