"""Properties are tried with the same examples each time, and on a busy machine as on a quiet one."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "headwater", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("headwater")
