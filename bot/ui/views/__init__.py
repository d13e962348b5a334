"""Messages and forms with controls: pages, confirmations, history, the privacy notice.

May import what `bot.ui` may.
"""
