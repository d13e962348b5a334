"""Every sentence people read, but for those that errors carry themselves.

May import the inner rooms.
"""
