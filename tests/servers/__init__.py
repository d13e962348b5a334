"""Servers that tests start for themselves.

Imports the standard library.
"""
