"""What is counted, as Prometheus reads it; `bot.monitoring.health` serves it."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from bot import __version__
from bot.core.telemetry.meter import LAG, METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.client import ChatBot
    from bot.core.ports import Clock
    from bot.core.telemetry.meter import Meter, Metric

NAMESPACE = "headwater"
LAG_EVERY_S = 0.25
# What is read off the running bot whenever somebody asks: name and description.
GAUGES = {
    "streams_open": "Answers that stream",
    "streams_limit": "Answers that can stream at once",
    "streams_waiting": "Calls of models that wait for a place",
    "questions_waiting": "Questions that wait for their turn in a channel",
    "writes_waiting": "Replies that want a write which Discord's limits don't permit yet",
    "requests_open": "Requests that Discord hasn't answered yet",
    "provider_key_works": "Whether the provider takes the key: 1 or 0",
    "servers": "Servers that the bot is in, as far as this process has them",
    "shards": "Gateway connections that this process has",
    "shards_connected": "Those of them that are open",
    "gateway_latency_seconds": "From a heartbeat to its answer, on average over the shards",
}


class PrometheusMeter:
    """The `Meter` of a running bot, and what it has taken in."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("build", "The version", namespace=NAMESPACE, registry=self.registry).info({"version": __version__})
        self._counters = {metric: self._counter(metric) for metric in METRICS if not metric.buckets}
        self._histograms = {metric: self._histogram(metric) for metric in METRICS if metric.buckets}

    def _counter(self, metric: Metric) -> Counter:
        return Counter(metric.name, metric.description, metric.labels, namespace=NAMESPACE, registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(
            metric.name,
            metric.description,
            metric.labels,
            namespace=NAMESPACE,
            buckets=metric.buckets,
            registry=self.registry,
        )

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """See `Meter.count`. What is booked may be corrected downward, which no counter can show."""
        counter = self._counters[metric]
        (counter.labels(**labels) if labels else counter).inc(max(0.0, amount))

    def observe(self, metric: Metric, seconds: float, **labels: str) -> None:
        """See `Meter.observe`."""
        histogram = self._histograms[metric]
        (histogram.labels(**labels) if labels else histogram).observe(max(0.0, seconds))

    def watch(self, values: Callable[[], Mapping[str, float]]) -> None:
        """Read these gauges whenever somebody asks."""
        for name, description in GAUGES.items():
            gauge = Gauge(name, description, namespace=NAMESPACE, registry=self.registry)
            gauge.set_function(partial(_one, values, name))

    def page(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self.registry)


def _one(values: Callable[[], Mapping[str, float]], name: str) -> float:
    return values()[name]


def gauges(bot: ChatBot) -> Mapping[str, float]:
    """How the bot is doing at the moment."""
    services, sockets = bot.services, bot.gateway.sockets
    status = services.model.status()
    latency_s = bot.latency
    return {
        "streams_open": status.open,
        "streams_limit": status.limit,
        "streams_waiting": status.waiting,
        "questions_waiting": services.conversation.chat.queued,
        "writes_waiting": services.scheduler.waiting,
        "requests_open": bot.requests.health.outstanding,
        "provider_key_works": float(status.key_error is None),
        "servers": len(bot.guilds),
        "shards": len(sockets),
        "shards_connected": sum(socket.open for socket in sockets.values()),
        "gateway_latency_seconds": latency_s if math.isfinite(latency_s) else -1.0,
    }


async def measure_lag(clock: Clock, meter: Meter) -> None:
    """Measure how late the event loop wakes what sleeps, until cancelled."""
    while True:
        due = clock.monotonic() + LAG_EVERY_S
        await clock.sleep(LAG_EVERY_S)
        meter.observe(LAG, clock.monotonic() - due)
