"""A growing text becomes Discord messages: pager, reply, screen, and the scheduler that paces every write.

May import `bot.core`.
"""
