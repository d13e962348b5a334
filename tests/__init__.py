"""The tests, in folders that mirror the source.

May import anything.
"""
