"""One request and its answer on the wire: the connection, the event stream, the buffer behind it.

May import what `bot.llm` may.
"""
