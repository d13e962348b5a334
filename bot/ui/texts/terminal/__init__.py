"""What the command line says: the set-up, and the import of other bots' settings.

May import what `bot.ui` may.
"""
