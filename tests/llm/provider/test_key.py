"""The watch over the key: whatever it meets, a rejected key is tried again until it works."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot.core import errors
from bot.core.model_ids import Provider
from bot.llm.admission.admission import Admission
from bot.llm.admission.limits import AdmissionLimits, Caller
from bot.llm.provider.key import Key
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

CLOCK = VirtualClock()
REJECTED = errors.AuthenticationError(status=401)
PAID: dict[str, Any] = {"data": {"limit": 10, "limit_remaining": 5}}
SPENT: dict[str, Any] = {"data": {"limit": 10, "limit_remaining": 0}}


class ScriptedApi:
    """Answers `/key` with what a test put there, and repeats the last answer."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.asked_at: list[float] = []

    async def fetch(self, path: str, **_: object) -> dict[str, Any]:
        assert path == "key"
        self.asked_at.append(CLOCK.monotonic())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def play(api: ScriptedApi, then: Callable[[Key, Admission], Coroutine[Any, Any, None]]) -> None:
    async def scenario() -> None:
        admission = Admission(AdmissionLimits(), CLOCK)
        key = Key(api, Provider.OPENROUTER, admission, CLOCK)  # type: ignore[arg-type] # all it needs of it
        key.start()
        await asyncio.sleep(1)
        await then(key, admission)
        await key.aclose()

    run(scenario())


@pytest.mark.parametrize("mishap", [OverflowError("inf"), KeyError("data"), RecursionError()])
def test_the_breaker_opens_again_after_an_unexpected_error(mishap: Exception, caplog: pytest.LogCaptureFixture):
    """A bug in the probe is logged; the probing goes on, and with it the only way back."""

    async def then(key: Key, admission: Admission) -> None:
        key.rejected(REJECTED)
        assert admission.key_error is REJECTED
        await asyncio.sleep(200)
        assert admission.key_error is None

    play(ScriptedApi(PAID, mishap, mishap, PAID), then)
    assert caplog.text.count("failed unexpectedly") == 2


def test_a_first_look_that_fails_unexpectedly_stops_nothing():
    """The watch is there when it's needed."""

    async def then(key: Key, admission: Admission) -> None:
        await asyncio.sleep(5)
        key.unpaid(errors.PaymentError(status=402))
        await asyncio.sleep(1)
        assert admission.key_error is not None

    play(ScriptedApi(OverflowError(), SPENT), then)


def test_a_rejected_key_is_tried_ever_more_rarely():
    """Twice as long each time, half an hour at most."""

    async def then(key: Key, admission: Admission) -> None:
        key.rejected(REJECTED)
        key.rejected(REJECTED)  # several requests met it
        await asyncio.sleep(10_000)
        assert admission.key_error is REJECTED

    api = ScriptedApi(REJECTED)
    play(api, then)
    gaps = [b - a for a, b in zip(api.asked_at[1:], api.asked_at[2:], strict=False)]
    assert gaps[:5] == pytest.approx([60, 120, 240, 480, 960])
    assert set(gaps[5:]) == {1800}


def test_a_refusal_for_want_of_credit_closes_the_key_only_where_nothing_is_left():
    """Else it was the model's price."""

    async def then(key: Key, admission: Admission) -> None:
        key.unpaid(errors.PaymentError(status=402))
        await asyncio.sleep(1)
        assert admission.key_error is None

    play(ScriptedApi(PAID), then)


@pytest.mark.parametrize(
    "data",
    [
        {"limit_remaining": "nan", "limit": 1e300},
        {"free_model_daily_requests": {"limit": -5, "used": "many"}},
        {"free_model_daily_requests": {"limit": 1e300, "used": -1e300}},
        {"is_free_tier": [], "limit_remaining": True},
        [],
        None,
    ],
)
def test_nonsense_about_the_key_closes_nothing(data: object):
    """Figures out of bounds are unknown."""

    async def then(key: Key, admission: Admission) -> None:
        key.unpaid(errors.PaymentError(status=402))
        await asyncio.sleep(1)
        assert admission.key_error is None
        assert key.status
        assert not key.status.exhausted
        assert admission.enter("x/y:free", Caller(channel_id=1, user_id=1), patience_s=1).admission.done()

    play(ScriptedApi({"data": data}), then)
