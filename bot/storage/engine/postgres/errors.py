"""Errors of PostgreSQL and of the way there, in words the owner understands."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncpg

from bot.core.errors import StorageError
from bot.storage.engine.errors import BUSY

if TYPE_CHECKING:
    from collections.abc import Iterator

UNREACHABLE = "the database server can't be reached"
LOST = "the connection to the database server broke"
SLOW = "the database server doesn't answer in time"

# Only what the owner can fix, or what passes by itself. Anything else is a bug and stays as it is. The first that
# fits counts (https://www.postgresql.org/docs/current/errcodes-appendix.html).
REASONS: dict[type[BaseException], str] = {
    asyncpg.DiskFullError: "the database server's disk is full",
    asyncpg.OutOfMemoryError: "the database server is out of memory",
    asyncpg.TooManyConnectionsError: "the database server takes no more connections",
    asyncpg.InvalidPasswordError: "the database server rejects the password",
    asyncpg.InvalidAuthorizationSpecificationError: "the database server doesn't let this user in",
    asyncpg.InvalidCatalogNameError: "the server has no database of that name",
    asyncpg.InsufficientPrivilegeError: "the database's user may not do that",
    asyncpg.ReadOnlySQLTransactionError: "the database server is read-only just now",
    asyncpg.LockNotAvailableError: BUSY,
    asyncpg.DeadlockDetectedError: BUSY,
    asyncpg.SerializationError: BUSY,
    asyncpg.IdleInTransactionSessionTimeoutError: LOST,
    asyncpg.QueryCanceledError: SLOW,
    asyncpg.OperatorInterventionError: "the database server is starting or stopping",
    asyncpg.PostgresConnectionError: LOST,
    asyncpg.InternalServerError: "the database server reports an internal error",
    asyncpg.PostgresSystemError: "the database server's disk reports an error",
    asyncpg.InsufficientResourcesError: "the database server has no room left",
    asyncpg.TargetServerAttributeNotMatched: UNREACHABLE,
    ssl.SSLError: "no secure connection to the database server; check sslmode in DATABASE_URL",
    TimeoutError: SLOW,
    OSError: UNREACHABLE,
}


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of the server and the network into `StorageError`; let bugs through.

    Only for code that does nothing but talk to the server.
    """
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InternalClientError, asyncpg.InterfaceError, OSError) as error:
        reason = next((reason for kind, reason in REASONS.items() if isinstance(error, kind)), "")
        if not reason and isinstance(error, asyncpg.InterfaceError) and "clos" in str(error):  # closed, closing
            reason = LOST
        if not reason:
            raise
        raise StorageError(reason) from error
