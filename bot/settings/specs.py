"""How a setting is described: its values, its default, and where it can be set."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from string import ascii_letters
from typing import Protocol

from bot.core.units import NANO, dollars

CHANNEL, SERVER = "channel", "server"
EVERYWHERE = (CHANNEL, SERVER)
RESET = "default"  # the value that resets a setting
LONGEST_LIST = 100  # entries; every question checks each of them


class Kind(Protocol):
    """The values of a setting. They are stored as text, each value in one form."""

    @property
    def expected(self) -> str:
        """What people can type, in words."""
        ...

    @property
    def choices(self) -> tuple[str, ...]:
        """All values; empty when there are too many to list."""
        ...

    def parse(self, typed: str) -> str:
        """Turn what somebody typed into the form that is stored.

        Raises:
            ValueError: it isn't a value of this kind.
        """
        ...

    def show(self, value: str) -> str:
        """A stored value as Discord shows it."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def expected(self) -> str:
        return " or ".join(f"`{choice}`" for choice in self.choices)

    def parse(self, typed: str) -> str:
        word = typed.strip().lower()
        if word not in self.choices:
            raise ValueError(word)
        return word

    def show(self, value: str) -> str:
        return value


SWITCH = OneOf(("on", "off"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number within bounds, shown with its `unit`; people may type the unit too, or its first letters."""

    low: float
    high: float
    unit: str = ""
    whole: bool = True

    @property
    def expected(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        of = f" of {self.unit}" if self.unit else ""
        return f"{kind}{of} from {self.low:g} to {self.high:,.10g}"

    @property
    def choices(self) -> tuple[str, ...]:
        return ()

    def parse(self, typed: str) -> str:
        digits = typed.strip().rstrip(ascii_letters + " ")
        if "_" in digits or not self.unit.startswith(typed.strip().removeprefix(digits).strip()):
            raise ValueError(typed)
        number = float(digits)
        if not (math.isfinite(number) and self.low <= number <= self.high) or (self.whole and number % 1):
            raise ValueError(typed)
        return f"{number:.10g}"

    def show(self, value: str) -> str:
        return f"{float(value):,.10g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Mentions:
    """Roles, people or channels: typed as mentions or ids, stored as ids separated by spaces.

    `mark` is what precedes the id in a mention: `@&`, `@` or `#`. `most` bounds the length of the list.
    """

    mark: str
    what: str
    most: int = LONGEST_LIST

    @property
    def expected(self) -> str:
        how = "mention or id" if self.mark == "@" else "mention, name or id"  # few people's names are known
        return f"{self.what} by {how}" + (", separated by commas" if self.most > 1 else "")

    @property
    def choices(self) -> tuple[str, ...]:
        return ()

    def parse(self, typed: str) -> str:
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
    """Model ids, with `*` for any part; stored separated by spaces."""

    expected = "model ids separated by commas, with `*` for any part, such as `openai/*, */*:free`"
    choices = ()

    def parse(self, typed: str) -> str:
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
    """An amount of US dollars, stored in nano-dollars and shown with `per` behind it."""

    per: str = ""
    most: int = 1_000_000
    least: Decimal = Decimal(0)

    @property
    def expected(self) -> str:
        return f"an amount in US dollars from {self.least} to {self.most:,}, such as `2.50`"

    @property
    def choices(self) -> tuple[str, ...]:
        return ()

    def parse(self, typed: str) -> str:
        try:
            amount = Decimal(typed.strip().removeprefix("$").removesuffix("$").strip())
            if not self.least <= amount <= self.most:
                raise ValueError(typed)
        except InvalidOperation:
            raise ValueError(typed) from None
        return str(int(amount * NANO))

    def show(self, value: str) -> str:
        return f"{dollars(int(value))} {self.per}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSpec:
    """One setting.

    `default` is the value while nobody set one; when it is empty, `when_unset` says what that means. A `combined`
    list of a server also applies in a channel that has its own list.
    """

    key: str
    description: str
    kind: Kind
    default: str = ""
    when_unset: str = "not set"
    where: tuple[str, ...] = EVERYWHERE
    combined: bool = False

    def shown(self, value: str) -> str:
        """A value for people to read, or what applies without one."""
        return self.kind.show(value) if value else self.when_unset
