"""The guided set-up in the terminal: `python -m bot setup`.

May import the inner rooms, `bot.config`, `bot.llm`, `bot.ui`, discord, dotenv, prompt_toolkit, segno and yaml.
"""
