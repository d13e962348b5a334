"""Other bots' settings taken over: `python -m bot import llmcord config.yaml`.

May import what `bot.setup` may, and yaml.
"""
