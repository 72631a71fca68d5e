"""The peer from the shelf: the package `eventsourcing` and its recorder for PostgreSQL, as its documentation says."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter, sleep
from typing import Final
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, UUID, uuid5

from eventsourcing.persistence import InfrastructureFactory, StoredEvent

from bench.runner import WARM_UP, WINDOW
from bench.sample import choose, reports, sirets

THREADS: Final = 64


class Library:
    """Its recorder on a database, and where each stream is."""

    def __init__(self, factory: InfrastructureFactory) -> None:
        self._recorder = factory.application_recorder()
        self._versions: dict[UUID, int] = {uuid5(NAMESPACE_OID, siret): 0 for siret in sirets()}

    def throughput(self) -> float:
        """Events inserted a second, one at a time by each thread."""
        done = [0] * THREADS
        ended = threading.Event()
        events = reports()

        def insert(client: int) -> None:
            chosen = choose(client, THREADS)
            while not ended.is_set():
                siret = chosen()
                stream = uuid5(NAMESPACE_OID, siret)
                self._versions[stream] += 1
                event = StoredEvent(stream, self._versions[stream], "HeadcountReported", events[siret].encode())
                self._recorder.insert_events([event])
                done[client] += 1

        with ThreadPoolExecutor(THREADS) as threads:
            running = [threads.submit(insert, client) for client in range(THREADS)]
            sleep(WARM_UP)
            before, begun = sum(done), perf_counter()
            sleep(WINDOW)
            rate = (sum(done) - before) / (perf_counter() - begun)
            ended.set()
            for thread in running:
                thread.result()
        return rate


@contextmanager
def opened(url: str) -> Iterator[Library]:
    """The library on an empty database."""
    address = urlsplit(url)
    factory = InfrastructureFactory.construct(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": address.path.removeprefix("/"),
            "POSTGRES_HOST": address.hostname or "",
            "POSTGRES_PORT": str(address.port),
            "POSTGRES_USER": address.username or "",
            "POSTGRES_PASSWORD": address.password or "unused",
            "POSTGRES_POOL_SIZE": str(THREADS),
        }
    )
    try:
        yield Library(factory)
    finally:
        factory.close()
