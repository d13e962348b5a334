"""Sentences about what people send: files, pictures, recordings.

May import what `bot.ui.texts` may.
"""
