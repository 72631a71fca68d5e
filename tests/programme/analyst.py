"""An analyst without consideration: reads all that there is, as fast as can be, and then again.

    python -m programme.analyst topics <bootstrap> <isolation level> <topic> …
    python -m programme.analyst list <address> <token>

Each time that it is through it says how much that was, in a line.
"""

import asyncio
import sys
from typing import cast

import httpx

from devstack.topics import Isolation, read_topics


async def read_all(bootstrap: str, isolation: str, *topics: str) -> int:
    """Reads topics from their beginning to their end."""
    return len(await read_topics(bootstrap, topics, cast(Isolation, isolation)))


async def list_all(address: str, token: str) -> int:
    """Lists all records, by the largest pages."""
    number, page = 0, httpx.URL(address, params={"limit": "200"})
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        while True:
            answer = (await client.get(page)).raise_for_status()
            number += len(answer.json()["items"])
            if "next" not in answer.links:
                return number
            page = page.join(answer.links["next"]["url"])


async def go_on(what: str, *arguments: str) -> None:
    """Does the one or the other, until it is killed."""
    while True:
        print(await (read_all if what == "topics" else list_all)(*arguments), flush=True)


if __name__ == "__main__":
    asyncio.run(go_on(*sys.argv[1:]))
