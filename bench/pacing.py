"""How fresh replies are under load, simulated: `python -m bench.pacing`.

The real `EditScheduler` runs in virtual time against a simulated Discord. Everybody asks at the same moment, 600
tokens arrive at 60 per second after 0.3 s, a round trip takes 0.1 s, every reply takes two messages. "Stale" is
the age of the oldest token that the model has sent and nobody sees yet. CPU is of one core, scheduler and
simulation together.
"""

from __future__ import annotations

import time

from tests.display.simulation import Scene, median, simulate

COUNTS = (1, 10, 50, 100, 200, 500)
HEAD = ("", "first text p50/max", "stale mean/max", "last token -> all p50/max", "requests", "429s", "CPU")


def row(label: str, scene: Scene) -> tuple[str, ...]:
    began = time.process_time()
    seen = simulate(scene)
    spent = time.process_time() - began
    requests = seen.discord.requests
    return (
        label,
        f"{median(seen.first_text):.2f} / {max(seen.first_text):.2f}",
        f"{seen.stale:.2f} / {max(seen.stale_worst):.2f}",
        f"{median(seen.lag):.2f} / {max(seen.lag):.2f}",
        str(len(requests)),
        str(len(seen.discord.refused)),
        f"{spent / requests[-1][0]:.1%}",
    )


def main() -> None:
    rows = [HEAD, ("---",) * len(HEAD)]
    rows += [row(f"C = {count}", Scene(channels=count)) for count in COUNTS]
    rough = [Scene(channels=count, jitter=0.04, stall=0.15) for count in COUNTS[2:5]]
    rows += [row(f"C = {scene.channels}, jitter and pauses", scene) for scene in rough]
    rows += [
        row("C = 200, asked within 20 s", Scene(channels=200, spread=20.0)),
        row("C = 100, by slash command", Scene(channels=100, webhooks=100)),
        row("five in one channel", Scene(per_channel=5)),
    ]
    for cells in rows:
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
