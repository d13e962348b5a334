"""What Discord knows: people, places, messages, who may do what, what it refuses, and all of it as JSON.

Imports the standard library alone.
"""
