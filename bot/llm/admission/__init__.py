"""Who may call the model now: slots, cool-downs, the quota of free models.

May import what `bot.llm` may.
"""
