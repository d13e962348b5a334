"""What one can turn on the scripted model while it runs: its speed, its first silence, and its next misfortune."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from playground.openrouter.script import Fault, Script, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playground.openrouter.script import Call

FAULTS = ("", "refused", "overloaded", "limited", "breaks")
RETRY_AFTER = {"Retry-After": "3"}


@dataclass(slots=True)
class Knobs:
    """Stands before a model; what is None is left as the model has it.

    `fault`, one of `FAULTS`, befalls the next answer alone: it is refused for good, refused because the model is
    overloaded or rate limited (patience helps with both), or it breaks off in the middle.
    """

    model: Callable[[Call], Script]
    tokens_per_second: float | None = None
    first_token_after: float | None = None  # seconds
    fault: str = ""

    def turn(self, settings: Mapping[str, Any]) -> None:
        """Set what `settings` names."""
        for name in settings.keys() & {"tokens_per_second", "first_token_after", "fault"}:
            setattr(self, name, settings[name])

    def __call__(self, call: Call) -> Script:
        fault, self.fault = self.fault, ""
        if fault == "refused":
            return Script(status=400, error_message="The playground was asked to refuse this.")
        if fault == "overloaded":
            return Script(status=503, error_message="Overloaded")
        if fault == "limited":
            return Script(status=429, headers=RETRY_AFTER, error_message="Rate limited upstream")
        script = self._paced(self.model(call))
        if fault == "breaks":
            return replace(script, fault=Fault.ERROR, fault_at=len(list(tokens_of(script.text))) // 2)
        return script

    def _paced(self, script: Script) -> Script:
        if self.tokens_per_second is not None:
            script = replace(script, tokens_per_second=self.tokens_per_second)
        if self.first_token_after is not None:
            script = replace(script, first_token_after=self.first_token_after)
        return script
