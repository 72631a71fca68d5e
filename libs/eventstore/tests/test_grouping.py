"""Calls that ride together."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.postgres.grouping import Grouped

pytestmark = pytest.mark.anyio


async def test_calls_made_while_a_group_flies_share_the_next_one() -> None:
    flown: list[list[int]] = []

    async def fly(group: Sequence[int]) -> list[int]:
        flown.append(list(group))
        await asyncio.sleep(0.001)
        return [10 * ask for ask in group]

    grouped = Grouped(fly)
    first = asyncio.create_task(grouped(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await asyncio.gather(*(grouped(n) for n in range(1, 8))) == [10 * n for n in range(1, 8)]
    assert await first == 0
    assert flown == [[0], [1, 2, 3, 4, 5, 6, 7]]


@given(keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=30), limit=st.integers(1, 5))
async def test_a_group_holds_each_key_once_and_every_key_keeps_its_turn(keys: list[str], limit: int) -> None:
    served: list[tuple[int, str]] = []

    async def fly(group: Sequence[tuple[int, str]]) -> list[int]:
        assert len({key for _, key in group}) == len(group) <= limit
        await asyncio.sleep(0)
        served.extend(group)
        return [n for n, _ in group]

    grouped = Grouped(fly, touches=lambda ask: (ask[1],), limit=limit)
    answers = await asyncio.gather(*(grouped(ask) for ask in enumerate(keys)))
    assert answers == list(range(len(keys)))
    for key in "abc":
        assert [n for n, served_key in served if served_key == key] == [n for n, k in enumerate(keys) if k == key]


async def test_no_call_is_left_between_an_empty_queue_and_an_idle_writer() -> None:
    async def fly(group: Sequence[int]) -> list[int]:
        await asyncio.sleep(0)
        return list(group)

    grouped = Grouped(fly)
    for n in range(2_000):
        # Each call comes a different number of turns of the loop after the last one.
        for _ in range(n % 7):
            await asyncio.sleep(0)
        assert await asyncio.wait_for(grouped(n), timeout=5) == n


async def test_a_caller_that_gives_up_leaves_the_others_aboard() -> None:
    async def fly(group: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.01)
        return list(group)

    grouped = Grouped(fly)
    calls = [asyncio.create_task(grouped(n)) for n in range(3)]
    await asyncio.sleep(0.005)
    calls[1].cancel()
    first, given_up, last = await asyncio.gather(*calls, return_exceptions=True)
    assert (first, last) == (0, 2)
    assert isinstance(given_up, asyncio.CancelledError)


async def test_a_failed_flight_fails_those_aboard_and_nobody_else() -> None:
    async def fly(group: Sequence[int]) -> list[int]:
        await asyncio.sleep(0)
        if 1 in group:
            raise OSError("the line is dead")
        return list(group)

    grouped = Grouped(fly, limit=1)
    answers = await asyncio.gather(*(grouped(n) for n in range(3)), return_exceptions=True)
    assert answers[0] == 0
    assert isinstance(answers[1], OSError)
    assert answers[2] == 2


async def test_closing_cancels_who_still_waits() -> None:
    async def fly(_: Sequence[int]) -> list[int]:
        await asyncio.Event().wait()
        return []

    grouped = Grouped(fly, limit=1)
    calls = [asyncio.create_task(grouped(n)) for n in range(2)]
    await asyncio.sleep(0.001)
    await grouped.close()
    assert all(isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*calls, return_exceptions=True))
