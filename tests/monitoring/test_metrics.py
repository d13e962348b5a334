"""What Prometheus reads, and that dashboard and alerts ask for nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.core.telemetry.meter import CALLS, COST, DATABASE, METRICS, REPLIES, STALENESS
from bot.monitoring.metrics import GAUGES, PrometheusMeter, measure_lag
from tests.virtual import VirtualClock, run

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = re.compile(r"\b(?:headwater|process)_[a-z_]+")


def filled() -> PrometheusMeter:
    """A meter that has taken in one of each."""
    meter = PrometheusMeter()
    for metric in METRICS:
        labels = dict.fromkeys(metric.labels, "x")
        (meter.observe if metric.buckets else meter.count)(metric, 0.5, **labels)
    meter.watch(lambda: dict.fromkeys(GAUGES, 1.0))
    return meter


def samples(meter: PrometheusMeter) -> dict[str, float]:
    families = text_string_to_metric_families(meter.page().decode())
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_happens_is_counted() -> None:
    """By its labels; distributions with their number and sum."""
    meter = PrometheusMeter()
    meter.count(REPLIES, state="complete")
    meter.count(REPLIES, state="complete")
    meter.count(COST, 0.25)
    meter.observe(STALENESS, 0.4)
    meter.observe(DATABASE, 0.002, work="read")
    read = samples(meter)
    assert read["headwater_replies_total complete"] == 2
    assert read["headwater_cost_dollars_total"] == 0.25
    assert read["headwater_staleness_seconds_count"] == 1
    assert read["headwater_staleness_seconds_sum"] == 0.4
    assert read["headwater_database_seconds_sum read"] == 0.002


def test_what_is_corrected_downward_never_breaks_a_counter() -> None:
    """A settlement may lower a cost."""
    meter = PrometheusMeter()
    meter.count(COST, -1)
    assert samples(meter)["headwater_cost_dollars_total"] == 0


def test_labels_are_known_words() -> None:
    """None of them could hold an id, a name or a model that somebody chose."""
    assert {label for metric in METRICS for label in metric.labels} == {
        *("state", "kind", "scope", "outcome", "cause", "work", "result")
    }
    assert CALLS.labels == ("outcome",)


def test_a_late_loop_is_seen() -> None:
    """A clock that wakes late is the loop's lag."""
    meter = PrometheusMeter()

    class Late(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds + 0.5)

    async def main() -> None:
        watching = asyncio.create_task(measure_lag(Late(), meter))
        await asyncio.sleep(1.6)
        watching.cancel()

    run(main())
    read = samples(meter)
    assert read["headwater_loop_lag_seconds_count"] == 2
    assert abs(read["headwater_loop_lag_seconds_sum"] - 1.0) < 0.01


def test_the_dashboard_and_the_alerts_ask_for_metrics_that_exist() -> None:
    """Each name in them is one that the bot serves."""
    known = {name.partition(" ")[0] for name in samples(filled())}
    dashboard = json.loads((DEPLOY / "grafana" / "headwater.json").read_text())
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    asked += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    assert len(asked) > 20
    assert not {name for expression in asked for name in NAME.findall(expression)} - known


def test_the_dashboard_shows_every_metric() -> None:
    """What nobody looks at needn't be counted."""
    shown = (DEPLOY / "grafana" / "headwater.json").read_text()
    assert not [metric.name for metric in METRICS if f"headwater_{metric.name}" not in shown]
    assert not [name for name in GAUGES if f"headwater_{name}" not in shown]
