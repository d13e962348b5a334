"""Whether a model may search the web for a question, and what people are told about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.ports import Catalog
    from bot.core.records import Place
    from bot.settings.profile import Profile


class SearchNote(StrEnum):
    """What people are told about searching the web, under an answer."""

    RETENTION = "retention"  # who else gets to see the question: once in each channel
    NO_PROVIDER = "no provider"  # this provider has no search
    NO_MODEL = "no model"  # this model can't use it


class WebSearch:
    """Judges questions. People are told once in each channel, while the process runs, what a search means."""

    def __init__(self, catalog: Catalog, *, available: bool) -> None:
        """`available`: the provider can search."""
        self._catalog = catalog
        self._available = available
        self._told: set[int] = set()

    def judge(self, place: Place, profile: Profile) -> tuple[int | None, SearchNote | None]:
        """The ceiling for a question's searches, in nano-dollars, None for no search; and what to say of it."""
        if profile.web_ceiling is None:
            return None, None
        if not self._available:
            return None, SearchNote.NO_PROVIDER
        info = self._catalog.get(profile.model)
        if info and info.parameters is not None and "tools" not in info.parameters:
            return None, SearchNote.NO_MODEL
        is_news = place.channel_id not in self._told
        self._told.add(place.channel_id)
        return profile.web_ceiling, SearchNote.RETENTION if is_news else None
