import importlib
import logging

from eventstore.kafka.logs import Throttle, throttle_kafka_logs


def line(text: str, number: int = 1) -> logging.LogRecord:
    """A line logged at a place in a program."""
    return logging.LogRecord("aiokafka", logging.ERROR, "client.py", number, "%s", (text,), None)


def test_of_many_lines_from_one_place_one_is_logged() -> None:
    throttle = Throttle(interval=60)

    assert [throttle.filter(line(f"cannot connect, attempt {n}")) for n in range(100)] == [True] + 99 * [False]


def test_places_do_not_silence_each_other() -> None:
    throttle = Throttle(interval=60)

    assert [throttle.filter(line("away", number=n)) for n in range(10)] == 10 * [True]


def test_after_a_while_the_next_tells_how_many_were_left_out() -> None:
    times = iter([0.0, 1, 2, 3, 59, 60])
    throttle = Throttle(interval=60, clock=times.__next__)
    for _ in range(5):
        throttle.filter(line("away"))
    next_one = line("still away")

    assert throttle.filter(next_one)
    assert next_one.getMessage() == "still away (and 4 like it)"


def test_every_logger_of_aiokafka_is_throttled_once() -> None:
    importlib.import_module("aiokafka")

    throttle_kafka_logs()
    throttle_kafka_logs()

    for name in ("aiokafka", "aiokafka.producer.sender", "aiokafka.consumer.fetcher"):
        assert len([known for known in logging.getLogger(name).filters if isinstance(known, Throttle)]) == 1
