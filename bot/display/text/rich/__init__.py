"""What models write and Discord doesn't draw, in the nearest that it does.

May import `bot.core`; `bot.display.text.rich.math` alone imports pylatexenc.
"""
