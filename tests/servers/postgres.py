"""A PostgreSQL server of the tests' own, in a temporary folder, with a database for each test that asks."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

USER = "headwater"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
# Nothing here must survive a crash of the computer; several processes of tests have a server each.
SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=60",
    "listen_addresses=127.0.0.1",
)


def installed() -> Path | None:
    """The folder of the newest server's programs; Debian keeps them off the PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return PROGRAMS[-1] if PROGRAMS else None


class Server:
    """A running server. It refuses to run as root, so then it runs as the user that its package made."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="headwater-postgres-"))
        self._user = _other_user()
        self._numbers = itertools.count(1)
        self._templates: dict[str, str] = {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        if self._user:
            shutil.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._run(
            "initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        self.start()

    @property
    def data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        options = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"port={self.port}"))
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-D", self.data, "-w", "-l", log, "-o", f"{options} -k {self._folder}")

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is a crash: nobody hears goodbye."""
        self._run("pg_ctl", "stop", "-D", self.data, "-m", mode, "-w")

    def is_running(self) -> bool:
        return (self._folder / "data" / "postmaster.pid").exists()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create(self, prepare: Callable[[str], None] | None = None) -> str:
        """A new database's address. With `prepare`, a copy of one that it has made ready, the first time."""
        template = "template0"
        if prepare:
            name = f"{prepare.__module__}.{prepare.__qualname__}"
            if name not in self._templates:
                self._templates[name] = database = self._create("template0")
                prepare(self.url(database))
            template = self._templates[name]
        return self.url(self._create(template))

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run statements; returns their rows, values separated by `|`."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-d", self.url(database), "-c", sql)

    def _create(self, template: str) -> str:
        name = f"test{next(self._numbers)}"
        self.psql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def _run(self, program: str, *arguments: str) -> str:
        as_user = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": ()} if self._user else {}
        done = subprocess.run(  # noqa: S603 - our own arguments
            [self._programs / program, *arguments],
            cwd="/",
            capture_output=program == "psql",
            stdout=None if program == "psql" else subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=False,
            **as_user,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")
        return (done.stdout or "").strip()


def _other_user() -> pwd.struct_passwd | None:
    if os.getuid():
        return None
    return next(user for name in ("postgres", "nobody") if (user := pwd.getpwnam(name)))
