"""PostgreSQL and Apache Kafka as child processes, for a machine that has neither.

Both are started on a data folder and stopped in an orderly way, and, for tests of faults, killed, paused and started
again on the same port:

    with Postgres(Path(".state/postgres")) as postgres, Kafka(Path(".state/kafka")) as kafka:
        postgres.url, kafka.bootstrap
        kafka.kill()
        kafka.start()

Whatever happens to the process that started them, they do not outlive it.
"""

from devstack.kafka_server import Kafka
from devstack.postgres import Postgres

__all__ = ["Kafka", "Postgres"]
