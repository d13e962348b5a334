"""What can be set, for whom, and what applies here: settings, system prompts, the choice of model.

May import `bot.core` and `bot.display`.
"""
