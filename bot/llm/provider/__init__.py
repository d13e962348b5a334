"""What the provider tells besides answers: its models, the key's standing, records of generations.

May import what `bot.llm` may.
"""
