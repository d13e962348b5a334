"""What keeps memory in step with Discord: recovery after a restart, catching up, erasure.

May import what `bot.conversation` may.
"""
