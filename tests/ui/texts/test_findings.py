"""What is wrong, and how to fix it."""

from __future__ import annotations

import pytest

from bot.core.errors import AuthenticationError, StorageError
from bot.core.records import ModelInfo
from bot.ui.texts.findings import (
    Verdict,
    clock_finding,
    database_finding,
    intent_finding,
    key_finding,
    model_finding,
    permission_finding,
)
from tests.fakes import FakeCatalog

MODEL = ModelInfo(id="a/model", name="A", context_length=1000)


@pytest.mark.parametrize(
    ("left", "verdict", "word"),
    [
        (None, Verdict.FINE, "no limit"),
        (7.5, Verdict.FINE, "$7.50 left"),
        (0.5, Verdict.WARNING, "only $0.50 left"),
        (0.0, Verdict.FAULT, "only $0.00 left"),
    ],
)
async def test_the_key_is_judged_by_what_is_left(left: float | None, verdict: Verdict, word: str):
    """Little is a warning, nothing a fault."""

    async def credit() -> float | None:
        return left

    finding = await key_finding(credit)
    assert (finding.verdict, bool(finding.fix)) == (verdict, verdict is not Verdict.FINE)
    assert word in finding.detail


async def test_failures_say_what_to_do():
    """A key that is rejected, a disk that is full."""

    async def rejected() -> float | None:
        raise AuthenticationError(status=401)

    async def full() -> int:
        raise StorageError("the disk is full")

    for finding in (await key_finding(rejected), await database_finding(full)):
        assert finding.verdict is Verdict.FAULT
        assert finding.fix


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [
        (model_finding("a/model", FakeCatalog(MODEL)), Verdict.FINE),
        (model_finding("b/model", FakeCatalog(MODEL)), Verdict.FAULT),
        (model_finding("a/model", FakeCatalog()), Verdict.WARNING),
        (clock_finding(-29), Verdict.FINE),
        (clock_finding(31), Verdict.WARNING),
        (intent_finding(wanted=True, granted=False), Verdict.FAULT),
        (intent_finding(wanted=True, granted=True), Verdict.FINE),
        (intent_finding(wanted=False, granted=False), Verdict.FINE),
        (permission_finding([]), Verdict.FINE),
        (permission_finding(["Send Messages"]), Verdict.FAULT),
    ],
)
def test_what_is_not_fine_comes_with_a_way_to_mend_it(finding: object, verdict: Verdict):
    """And what is fine comes with none."""
    assert finding.verdict is verdict
    assert bool(finding.fix) is (verdict is not Verdict.FINE)
