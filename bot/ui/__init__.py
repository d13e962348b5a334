"""What people see in Discord: targets, views, texts and reports.

May import the inner rooms, discord and aiohttp; `bot.ui.reports` also Pillow.
"""
