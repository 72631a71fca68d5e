"""What the canary knows by itself: its settings, where Kafka puts a stream, and when figures know of a position."""

from pathlib import Path

import pytest

from canary.partitions import partition_of
from canary.run import is_known
from canary.settings import INDICATORS, Settings, SettingsError, load
from contracts.registry import REGISTRY
from eventstore.kafka import partitioning
from indicators.catalogue import catalogue
from indicators.measures import measures_of


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "PUBLIC_URL Field required"),
        (
            {"PUBLIC_URL": "https://api.example.org"},
            "give TOKEN_FILE, or OIDC_ISSUER, CLIENT_ID and CLIENT_SECRET_FILE",
        ),
        ({"PUBLIC_URL": "https://api.example.org/", "TOKEN_FILE": "token"}, "PUBLIC_URL String should match"),
        ({"PUBLIC_URL": "https://api.example.org", "TOKEN_FILE": "token", "PERIOD": "1"}, "PERIOD Input should be"),
    ],
)
def test_a_setting_that_does_not_hold_is_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load()
    assert said in str(refused.value)


def test_a_token_may_be_given_by_a_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://api.example.org")
    monkeypatch.setenv("TOKEN_FILE", "token")
    assert load().token_file == Path("token")


def test_a_stream_is_where_its_relay_puts_it() -> None:
    for number in range(500):
        stream = f"pulse-canary-{'x' * (number % 7)}{number}"
        assert partition_of(stream, 12) == partitioning.partition_of(stream.encode(), 12)


def test_a_chapter_of_each_that_reads_the_topic_is_asked() -> None:
    readers = {name for name, chapter in catalogue.chapters.items() if "companies" in REGISTRY.topics(chapter.events)}
    asked = {
        catalogue.chapter_of(measure).name for name in INDICATORS.split(",") for measure in measures_of(catalogue[name])
    }
    assert asked == readers


def test_a_figure_knows_of_it_once_each_of_its_chapters_that_reads_the_topic_does() -> None:
    def at(**partitions: int) -> dict[str, dict[str, dict[str, int]]]:
        return {"companies": {"partitions": {name.removeprefix("p"): where for name, where in partitions.items()}}}

    assert is_known({"network": at(p3=9), "land": at(p3=7)}, "3", 7)
    assert is_known({"network": at(p3=7), "mobility": {"mobility": {"partitions": {"3": 1}}}}, "3", 7)
    assert not is_known({"network": at(p3=9), "land": at(p3=6)}, "3", 7)
    assert not is_known({"network": at(p4=9)}, "3", 7)
    assert not is_known({"network": {}, "steering": {}}, "3", 7)
    assert not is_known({"mobility": {"mobility": {"partitions": {"3": 9}}}}, "3", 7)
