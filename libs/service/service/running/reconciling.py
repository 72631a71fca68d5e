"""`python -m <package> verify` and `reconcile`: the service's store beside its topics, compared and put right."""

import json
import re
from collections.abc import Sequence

from aiokafka.errors import KafkaConnectionError, KafkaError
from pydantic import ValidationError

from contracts.registry import UnknownEvent
from eventstore.decider import Decider
from eventstore.discretion import described
from eventstore.kafka.logs import quiet_kafka_logs
from eventstore.postgres.connection import connect
from eventstore.postgres.derived import Derived
from eventstore.postgres.store import Recorded
from eventstore.publishing.reconciliation import CannotReconcile, Fold, compare, reconcile
from eventstore.refolding import derive
from service.definition import Service
from service.running.settings import Settings


async def verify(service: Service, settings: Settings, _: list[str]) -> int:
    """Prints each difference between store and topics; 1 if there is any or no telling, else 0."""
    connection = await connect(settings.database_url)
    try:
        with quiet_kafka_logs():
            topic, types = settings.topic(service.name), service.topic_by_type(settings)
            compared = await compare(connection, settings.brokers, topic, types)
    except (KafkaError, TimeoutError) as error:
        print(_said(error, settings))
        return 1
    finally:
        await connection.close()
    if compared.absent:
        absent = " and no topic ".join(compared.absent)
        print(f"There is no topic {absent}: look at TERRITORY, TOPIC_VERSIONS and KAFKA_BOOTSTRAP.")
        return 1
    told = compared.told()
    for difference in told:
        print(difference)
    lost = f", {compared.lost} more recorded as lost" if compared.lost else ""
    where = "its topics" if len(compared.reached) > 1 else "its topic"
    print(f"{compared.events} events are in the store and in {where}{lost}: {len(told) or 'no'} differences")
    return 1 if told else 0


async def put_right(service: Service, settings: Settings, arguments: list[str]) -> int:
    """Reconciles the store with its topics, and prints what was done: what is lost as JSON, an event a line."""
    match arguments:
        case []:
            beyond = None
        case ["--beyond", number] if re.fullmatch(r"[0-9]{1,18}", number):
            beyond = int(number)
        case _:
            print("usage: reconcile [--beyond POSITION]")
            return 2
    connection = await connect(settings.database_url)
    try:
        with quiet_kafka_logs():
            done = await reconcile(
                connection,
                settings.brokers,
                settings.topic(service.name),
                folds(service),
                types=service.topic_by_type(settings),
                beyond=beyond,
            )
    except CannotReconcile as impossible:
        print(f"Nothing was changed: {impossible}.")
        return 1
    except (KafkaError, TimeoutError) as error:
        print(f"Nothing was changed. {_said(error, settings)}")
        return 1
    finally:
        await connection.close()
    for message in done.lost:
        print(
            json.dumps(
                {
                    "position": message.position,
                    "stream_id": message.stream_id,
                    "version": message.version,
                    "type": message.type,
                    "recorded_at": message.recorded_at.isoformat(),
                    "data": json.loads(message.data),
                },
                ensure_ascii=False,
            )
        )
    for collision in done.collisions:
        print(collision)
    print(
        f"{len(done.taken_back)} events taken back from the topic, {len(done.moved)} of the store given new positions, "
        f"{len(done.lost)} lost{' (above)' if done.lost else ''}. New events come after position {done.goes_on_after}."
    )
    return 0


def _said(error: KafkaError | TimeoutError, settings: Settings) -> str:
    if isinstance(error, TimeoutError | KafkaConnectionError):
        return f"Kafka at {settings.kafka_bootstrap} does not answer."
    return f"The topics can't be read: {described(error)}."


def folds(service: Service) -> Fold:
    """How the streams of a service's resources add up."""
    deciders: dict[str, Decider] = {  # type: ignore[type-arg]  # of any state
        event.event_type: resource.decider for resource in service.resources for event in resource.decider.events
    }

    def fold(history: Sequence[Recorded]) -> Derived | None:
        decider = deciders.get(history[0].type)
        try:
            if decider is None:
                return None
            events = [decider.decode(event.type, event.schema_version, event.data) for event in history]
            state = decider.fold(events)
        except (UnknownEvent, ValidationError, LookupError):
            return None
        assert state is not None  # The history has an event.
        return derive(decider, decider.identity(history[0].stream_id), state)

    return fold
