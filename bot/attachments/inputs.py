"""What a model takes besides text, and which others would take what it doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.ports import Catalog
    from bot.core.records import ModelInfo

NAMED = 2  # models that are suggested


class Inputs:
    """Answers by the catalog; `is_openrouter` where its models' inputs are told and its parser reads scans."""

    def __init__(self, catalog: Catalog, *, is_openrouter: bool) -> None:
        self._catalog = catalog
        self._is_openrouter = is_openrouter

    def sees(self, model: ModelInfo | None) -> bool:
        """Where nobody tells what a model takes, it's sent the picture: it can still refuse."""
        return model is None or not self._is_openrouter or "image" in model.input_modalities

    def hears(self, model: ModelInfo | None) -> bool:
        return model is not None and "audio" in model.input_modalities

    def reads_scans(self, model: ModelInfo | None) -> bool:
        return self._is_openrouter or (model is not None and "file" in model.input_modalities)

    def seeing(self, model: ModelInfo | None) -> list[str]:
        """The ids of two models that see pictures: of the same maker if there are, and nearest in price."""
        maker, price = (model.id.partition("/")[0], model.prompt_price or 0) if model else ("", 0)
        able = [
            other
            for other in self._catalog.models()
            if "image" in other.input_modalities and other.prompt_price is not None
        ]
        able.sort(key=lambda other: (other.id.partition("/")[0] != maker, abs((other.prompt_price or 0) - price)))
        return [other.id for other in able[:NAMED]]
