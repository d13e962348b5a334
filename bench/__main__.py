"""Every benchmark in turn: `make bench`. Each also runs by itself: see its `--help`."""

from __future__ import annotations

import subprocess
import sys

PARTS = (
    "bench.streaming",
    "bench.client",
    "bench.pacing",
    "bench.paging",
    "bench.storage",
    "bench.conversations",
    "bench.files",
)


def main() -> int:
    for part in sys.argv[1:] or PARTS:
        print(f"\n## {part}\n", flush=True)
        code = subprocess.call([sys.executable, "-m", part])  # noqa: S603 - our own modules
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
