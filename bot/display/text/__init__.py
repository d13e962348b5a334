"""What a growing text looks like in messages: Markdown, pages, and reading it back.

May import `bot.core`.
"""
