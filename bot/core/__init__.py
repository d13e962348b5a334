"""What the bot is about, in the standard library alone: nothing here knows Discord, litellm or SQLite."""
