"""Discord as the inner rooms know it: where replies go, places, people, buttons, rate-limit headers.

May import what `bot.ui` may.
"""
