"""Every sentence people read, except those that errors carry themselves.

May import the inner rooms.
"""
