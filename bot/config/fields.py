"""The kinds of values that settings take. Each raises a `ValueError` that says what is wrong, not the value."""

import re
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from bot.core.units import DAY_S

SQLITE_SCHEME = "sqlite:///"
POSTGRES_SCHEMES = ("postgresql://", "postgres://")
# Three parts of base64, in either alphabet; Discord judges the rest.
TOKEN_FORM = re.compile(r"[\w=+/-]+\.[\w=+/-]+\.[\w=+/-]+", re.ASCII)
# What an HTTP header can carry, less what a log would write differently: spaces, quotes, backslashes.
KEY_FORM = re.compile(r"[!#-&(-\[\]-~]+")


class UrlForm(NamedTuple):
    """What an address must look like to be used."""

    schemes: tuple[str, ...]
    ending: str = ""

    def check(self, text: str) -> str:
        """The address, without a slash at its end if paths are appended to it."""
        try:
            url = urlsplit(text)
            usable = url.scheme in self.schemes and url.hostname and url.port != 0
        except ValueError:  # its text quotes the address, which may contain a password
            usable = False
        if not usable or url.query or url.fragment:
            raise ValueError("isn't a usable address")
        if not url.path.rstrip("/").endswith(self.ending):
            raise ValueError(f"doesn't end in {self.ending}")
        return text.rstrip("/") if "http" in self.schemes else text


def unquoted(value: str) -> str:
    """A value without the quotes around it, which `docker --env-file` passes on."""
    value = value.strip()
    quoted = len(value) > 1 and value[0] in "'\"" and value[0] == value[-1] and value.count(value[0]) == 2  # noqa: PLR2004 - both ends
    return value[1:-1].strip() if quoted else value


def _split(value: Any) -> Any:  # noqa: ANN401 - anything the source gave
    """Split `a, b,` into its items."""
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


def _database_url(url: str) -> str:
    if url.startswith(POSTGRES_SCHEMES):
        return _server_url(url)
    if not url.startswith(SQLITE_SCHEME):
        raise ValueError("isn't a kind of database this version can use")
    path = url.removeprefix(SQLITE_SCHEME)
    if not path.strip("/") or path.endswith("/") or path == ":memory:":
        raise ValueError("doesn't name a file")
    return url


def _server_url(url: str) -> str:
    """As platforms hand them out: `postgres://user:password@host:5432/name?sslmode=require`."""
    try:
        parts = urlsplit(url)
        usable = parts.port != 0 and (parts.hostname or "host=" in parts.query) and len(parts.path) > 1
    except ValueError:  # its text quotes the address, which has a password in it
        usable = False
    if not usable:
        raise ValueError("isn't a usable address")
    return url


def _matching(form: re.Pattern[str], what: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not form.fullmatch(secret.get_secret_value()):
            raise ValueError(f"doesn't look like {what}")
        return secret

    return AfterValidator(check)


HTTP, WEBSOCKET = ("http", "https"), ("ws", "wss")
HttpUrl = Annotated[str, AfterValidator(UrlForm(HTTP).check)]
OpenRouterUrl = Annotated[str, AfterValidator(UrlForm(HTTP, "/api/v1").check)]
DiscordUrl = Annotated[str, AfterValidator(UrlForm(HTTP, "/api/v10").check)]
GatewayUrl = Annotated[str, AfterValidator(UrlForm(WEBSOCKET).check)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Token = Annotated[SecretStr, _matching(TOKEN_FORM, "a bot token")]
ApiKey = Annotated[SecretStr, _matching(KEY_FORM, "an API key")]
Seconds = Annotated[float, Field(gt=0, le=DAY_S, allow_inf_nan=False)]
Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Id = Annotated[int, Field(gt=0, lt=2**63)]
Items = BeforeValidator(_split)
Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
Upper = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)
