"""The benchmarks that `make bench` runs.

May import anything.
"""
