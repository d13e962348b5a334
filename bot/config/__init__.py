"""The owner's settings: what values they take, and how they are read from the environment and `.env`.

May import `bot.core`, pydantic, pydantic-settings and python-dotenv.
"""
