"""Hand-written fakes of the ports and of an interaction, a module for each room.

Imports what the rooms below `bot` publish; no library but discord, no network, no clock of its own.
"""

from tests.fakes.conversation import FakeChannels, MemoryClaims, MemoryStore
from tests.fakes.display import FakeTarget, Write
from tests.fakes.llm import FakeCatalog, FakePress, ScriptedLLM
from tests.fakes.money import MemoryLedger
from tests.fakes.settings import MemorySettings

__all__ = [
    "FakeCatalog",
    "FakeChannels",
    "FakePress",
    "FakeTarget",
    "MemoryClaims",
    "MemoryLedger",
    "MemorySettings",
    "MemoryStore",
    "ScriptedLLM",
    "Write",
]
