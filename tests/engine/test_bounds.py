"""What keeps the daemon's memory bounded."""

from __future__ import annotations

import asyncio

from aicodelint.engine.allowance import Allowance
from aicodelint.engine.remembered import RememberedVerdicts


def test_who_wants_more_than_is_left_waits_in_line() -> None:
    async def run() -> list[str]:
        allowance = Allowance(10)
        got: list[str] = []

        async def take(name: str, amount: int) -> None:
            await allowance.acquire(amount)
            got.append(name)

        await take("first", 8)
        large = asyncio.create_task(take("large", 9))
        small = asyncio.create_task(take("small", 1))
        gone = asyncio.create_task(take("gone", 1))
        await asyncio.sleep(0)
        assert got == ["first"], "a small one does not overtake a large one for ever"
        gone.cancel()
        await asyncio.sleep(0)
        allowance.release(8)
        await asyncio.gather(large, small)
        allowance.release(10)
        await asyncio.wait_for(take("all of it", 10), 5)
        return got

    assert asyncio.run(run()) == ["first", "large", "small", "all of it"]


def test_cancelling_the_first_in_line_lets_the_next_go() -> None:
    async def run() -> None:
        allowance = Allowance(10)
        await allowance.acquire(5)
        large = asyncio.create_task(allowance.acquire(10))
        small = asyncio.create_task(allowance.acquire(5))
        await asyncio.sleep(0)
        large.cancel()
        await asyncio.wait_for(small, 5)

    asyncio.run(run())


def test_verdicts_are_remembered_within_a_limit() -> None:
    remembered = RememberedVerdicts(limit=10_000)
    for number in range(100):
        remembered.put(b"always", "v" * 100)
        remembered.put(str(number).encode(), "v" * 100)
        assert remembered.get(b"always") == "v" * 100
    assert remembered.get(b"0") is None
    assert remembered.get(b"99") is not None
    assert 20 < len(remembered) <= 10_000 // 100
