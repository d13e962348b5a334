"""What the owner gets to see: which question a line of the log belongs to, and what is counted.

Imports nothing but the standard library.
"""
