"""Settings of the scripted model while it runs: its speed, its first silence, and how the next answer ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from playground.openrouter import cases
from playground.openrouter.script import Fault, Script, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playground.openrouter.script import Call

REFUSALS: Mapping[str, Script] = {
    "refused": cases.refused(400, "The playground was asked to refuse this."),
    "overloaded": cases.refused(503, "Overloaded"),
    "limited": replace(cases.refused(429, "Rate limited upstream"), headers={"Retry-After": "3"}),
    "too_long": cases.too_long(),
    "no_credit": cases.affordable(100),
    "data_policy": cases.data_policy(),
}
FAULTS = ("", *REFUSALS, "breaks", *cases.WORDLESS)


@dataclass(slots=True)
class ModelControls:
    """Stands before a model; what is None is left as the model has it.

    `fault`, one of `FAULTS`, changes the next answer alone: it is refused, breaks off, or ends without words.
    """

    model: Callable[[Call], Script]
    tokens_per_second: float | None = None
    first_token_after: float | None = None  # seconds
    fault: str = ""

    def set(self, values: Mapping[str, Any]) -> None:
        """Set what `values` names."""
        for name in values.keys() & {"tokens_per_second", "first_token_after", "fault"}:
            setattr(self, name, values[name])

    def __call__(self, call: Call) -> Script:
        fault, self.fault = self.fault, ""
        if fault in REFUSALS:
            return REFUSALS[fault]
        script = self._paced(cases.WORDLESS.get(fault) or self.model(call))
        if fault == "breaks":
            return replace(script, fault=Fault.ERROR, fault_at=len(list(tokens_of(script.text))) // 2)
        return script

    def _paced(self, script: Script) -> Script:
        if self.tokens_per_second is not None:
            script = replace(script, tokens_per_second=self.tokens_per_second)
        if self.first_token_after is not None:
            script = replace(script, first_token_after=self.first_token_after)
        return script
