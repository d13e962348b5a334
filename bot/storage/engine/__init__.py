"""The database under the stores: connections, transactions, migrations, files, errors.

May import the inner rooms and aiosqlite.
"""
