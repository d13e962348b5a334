"""Loads that no test machine has, played in virtual time.

May import anything.
"""
