"""The shared vocabulary of all rooms: records, events, errors, ports, the clock, units, model ids.

Imports the standard library alone.
"""
