"""What Discord sends before it becomes a question: repeats, edits, gaps, markup, and what the bot says by itself.

May import what `bot.ui` may.
"""
