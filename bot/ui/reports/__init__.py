"""Files people get: conversations and usage as text, tables and plots.

May import what `bot.ui` may; the plotting process alone imports Pillow.
"""
