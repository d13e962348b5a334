"""TODO"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

from bot.core.units import NANO, dollars

CHANNEL, SERVER = "channel", "server"


EVERYWHERE = (CHANNEL, SERVER)


RESET = "default"  # the value that takes a setting back


LONGEST_LIST = 100  # entries; each is looked at for every question


class Kind(Protocol):
    """What values a setting has. They are kept as text, in one form for each meaning."""

    @property
    def form(self) -> str:
        """What to type, as people read it."""
        ...

    @property
    def choices(self) -> tuple[str, ...]:
        """All values there are; empty where they are too many to name."""
        ...

    def read(self, typed: str) -> str:
        """The form in which a value is kept.

        Raises:
            ValueError: it is no such value.
        """
        ...

    def show(self, value: str) -> str:
        """A kept value as Discord shows it."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def form(self) -> str:
        return " or ".join(f"`{choice}`" for choice in self.choices)

    def read(self, typed: str) -> str:
        word = typed.strip().lower()
        if word not in self.choices:
            raise ValueError(word)
        return word

    def show(self, value: str) -> str:
        return value


SWITCH = OneOf(("on", "off"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number within bounds; `unit` stands behind it."""

    low: float
    high: float
    unit: str = ""
    whole: bool = True

    @property
    def form(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        of = f" of {self.unit}" if self.unit else ""
        return f"{kind}{of} from {self.low:g} to {self.high:,.10g}"

    @property
    def choices(self) -> tuple[str, ...]:
        return ()

    def read(self, typed: str) -> str:
        number = float(typed.strip().removesuffix(self.unit).replace("_", "x"))
        if not (math.isfinite(number) and self.low <= number <= self.high):
            raise ValueError(typed)
        if self.whole and number != int(number):
            raise ValueError(typed)
        return f"{number:.10g}"

    def show(self, value: str) -> str:
        return f"{float(value):,.10g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Mentions:
    """Roles, people or channels, typed as mentions or ids; kept as ids, separated by spaces.

    `mark` is what stands between `<` and the id in a mention: `@&`, `@` or `#`.
    """

    mark: str
    what: str
    most: int = LONGEST_LIST

    @property
    def form(self) -> str:
        return f"{self.what}, or `{RESET}` for none"

    @property
    def choices(self) -> tuple[str, ...]:
        return ()

    def read(self, typed: str) -> str:
        one = re.compile(rf"<{self.mark}{'!?' if self.mark == '@' else ''}(\d{{1,19}})>|(\d{{15,19}})")
        found = [one.fullmatch(word) for word in typed.replace(">", "> ").replace(",", " ").split()]
        if not all(found):
            raise ValueError(typed)
        ids = dict.fromkeys(str(int(match[1] or match[2])) for match in found if match)
        if not 0 < len(ids) <= self.most or any(int(id_) >= 2**63 for id_ in ids):
            raise ValueError(typed)
        return " ".join(ids)

    def show(self, value: str) -> str:
        return ", ".join(f"<{self.mark}{id_}>" for id_ in value.split())


@dataclass(frozen=True, slots=True)
class Patterns:
    """Model ids, with `*` for any part; kept separated by spaces."""

    form = "model ids separated by commas, with `*` for any part, such as `openai/*, */*:free`"
    choices = ()

    def read(self, typed: str) -> str:
        patterns = dict.fromkeys(re.split(r"[\s,]+", typed.strip().strip(",").lower()))
        if not 0 < len(patterns) <= LONGEST_LIST or not all(
            re.fullmatch(r"[\w~@*./:+-]{1,200}", pattern, re.ASCII) for pattern in patterns
        ):
            raise ValueError(typed)
        return " ".join(patterns)

    def show(self, value: str) -> str:
        return ", ".join(f"`{pattern}`" for pattern in value.split())


@dataclass(frozen=True, slots=True)
class Dollars:
    """An amount of US dollars; kept in nano-dollars. `per` stands behind it."""

    per: str = ""
    most: int = 1_000_000

    @property
    def form(self) -> str:
        return f"an amount in US dollars from 0 to {self.most:,}, such as `2.50`"

    @property
    def choices(self) -> tuple[str, ...]:
        return ()

    def read(self, typed: str) -> str:
        try:
            amount = Decimal(typed.strip().removeprefix("$").removesuffix("$").strip())
            if not 0 <= amount <= self.most:
                raise ValueError(typed)
        except InvalidOperation:
            raise ValueError(typed) from None
        return str(int(amount * NANO))

    def show(self, value: str) -> str:
        return f"{dollars(int(value))} {self.per}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSpec:
    """One setting.

    `default` is the value that holds where nobody set one; where it is empty, `without` says what happens.
    Where a spec `adds_up`, a list set for the server holds in a channel with a list of its own as well.
    """

    key: str
    sentence: str
    kind: Kind
    default: str = ""
    without: str = "not set"
    where: tuple[str, ...] = EVERYWHERE
    adds_up: bool = False

    def shown(self, value: str) -> str:
        """A value, or what holds without one, for people to read."""
        return self.kind.show(value) if value else self.without
