"""Where a PostgreSQL database is, as `DATABASE_URL` says it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# What asyncpg understands (https://magicstack.github.io/asyncpg/current/api/index.html#connection). It would send
# any other parameter to the server as a setting, which refuses those that only libpq or an ORM knows.
UNDERSTOOD = frozenset(
    [
        "host",
        "port",
        "user",
        "password",
        "dbname",
        "database",
        "passfile",
        "service",
        "application_name",
        "options",
        "target_session_attrs",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslpassword",
        "sslcrl",
        "sslnegotiation",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "krbsrvname",
        "gsslib",
    ]
)


def connectable(url: str) -> str:
    """The address without what other drivers read, which platforms put there (`channel_binding`, `pgbouncer`)."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name in UNDERSTOOD]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def name_of(url: str) -> str:
    """What a log may say of it: no password, no user."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or dict(parse_qsl(parts.query)).get("host", "localhost")
    return f"postgresql://{host}{parts.path}"
