"""Mail by a real mail server: sent at least once, refused, dropped, waiting; and nothing personal kept of it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from typing import Any, Final

import httpx
import pytest
from lamps import bearer, calling_other, settings_for
from neighbours import PATH, Request, StreetOpened, requests, service, streets

from contracts.mail import mail_of
from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.mirrored import show
from eventstore.decider import PLATFORM, Actor
from eventstore.execution import current, execute
from eventstore.files import resolve
from eventstore.mail import Mail, Queue, mails
from eventstore.postgres.store import Store
from service import clock
from service.http.reading import Reads
from service.http.resource import Resource
from service.mailing import Letter, Postman, Template, Writing
from service.running.settings import Settings

pytestmark = pytest.mark.anyio

PERSONAL_KEY: Final = "what only this test knows, and long"
OURS: Final = Actor(PLATFORM, frozenset({PLATFORM}))


def lamp_is_coming(writing: Writing[Request]) -> Letter | None:
    """What a neighbour reads whose request is open."""
    if writing.about.state.status != "open":
        return None
    link = writing.address(f"/v1/answers/{writing.links('answer').seal(writing.about.identity, writing.role)}")
    return Letter("Votre lampadaire", f"Bonjour {writing.to['name']}, répondez ici : {link}")


TEMPLATES: Final = {"lamp_is_coming": Template(requests, lamp_is_coming)}
writing_service = replace(
    service,
    resources=(*service.resources, Resource(mails, mail_of("neighbours").path, Reads(("ops",)), "contract")),
    mail=TEMPLATES,
)


@pytest.fixture
def settings(migrated_database: str, issuer: Issuer, mail_server: MailServer) -> Settings:
    given = {"smtp_url": mail_server.url, "mail_from": "programme@example.org", "public_url": "https://api.example.org"}
    return settings_for(migrated_database, issuer, personal_key=PERSONAL_KEY).model_copy(update=given)


@pytest.fixture
async def client(settings: Settings, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    await show(
        resolve(settings.database_url), streets, "rue-a", StreetOpened(effective_on=date(2020, 1, 1), street="rue-a")
    )
    headers = bearer(issuer, "neighbours:read neighbours:write neighbours:personal", roles=["town_hall", "ops"])
    async with calling_other(writing_service, settings, **headers) as client:
        yield client


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with Store.open(settings.database_url, personal_key=PERSONAL_KEY) as store:
        yield store


async def asked(client: httpx.AsyncClient, email: str | None = "camille@example.org") -> dict[str, Any]:
    """A request of a neighbour who has this address."""
    neighbour = {"name": "Camille Exemple", "born_on": "2000-01-02", "email": email}
    made = await client.post(PATH, json={"street": "rue-a", "neighbour": neighbour})
    assert made.status_code == 201, made.text
    record: dict[str, Any] = made.json()
    return record


async def queued(store: Store, request: dict[str, Any], template: str = "lamp_is_coming") -> str:
    """A message about a request, to its neighbour."""
    queue = Queue(template=template, about=request["id"], role="neighbour", to=request["neighbour"])
    made = await execute(store, mails, queue, identity=None, actor=OURS, now=clock.now(), metadata='{"actor":"test"}')
    return made.identity


def postman(settings: Settings, store: Store) -> Postman:
    return Postman("neighbours", TEMPLATES, settings, store)


async def became(store: Store, mail: str) -> Mail:
    """What became of a message."""
    found = await current(store, mails, mail)
    assert found
    return found.state


async def test_a_message_is_sent_from_what_is_known_and_recorded(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer
) -> None:
    request = await asked(client)
    mail = await queued(store, request)
    await postman(settings, store).go_round()
    (received,) = mail_server.received()
    assert (received["To"], received["From"]) == ("camille@example.org", "programme@example.org")
    assert received["Message-ID"] == f"<{mail}@example.org>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert (await became(store, mail)).status == "sent"
    body = received.get_body()
    assert isinstance(body, EmailMessage)
    text = body.get_content()
    assert text.startswith("Bonjour Camille Exemple, répondez ici : https://api.example.org/neighbours/v1/answers/")
    seal = text.rsplit("/", 1)[1].strip()
    history = await client.get(f"/v1/mail/{mail}/events")
    for personal in ("Camille", "camille@", seal):
        assert personal not in history.text
    # A round later there is nothing to send.
    await postman(settings, store).go_round()
    assert len(mail_server.received()) == 1


async def test_who_dies_before_it_is_recorded_sends_the_same_message_again(
    client: httpx.AsyncClient,
    store: Store,
    settings: Settings,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await queued(store, await asked(client))
    dies = postman(settings, store)

    async def killed(*_: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, suppress(asyncio.CancelledError):
        patched.setattr(dies, "_record", killed)
        await dies.go_round()
    await postman(settings, store).go_round()
    first, second = mail_server.received()
    assert first["Message-ID"] == second["Message-ID"]


async def test_several_workers_send_a_message_once(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer
) -> None:
    request = await asked(client)
    for _ in range(3):
        await queued(store, request)
    await asyncio.gather(*(postman(settings, store).go_round() for _ in range(8)))
    assert len(mail_server.received()) == 3


async def test_what_a_server_refuses_is_there_for_ops_who_have_it_sent_again(
    client: httpx.AsyncClient,
    store: Store,
    settings: Settings,
    mail_server: MailServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    request = await asked(client, "550@example.org")
    mail = await queued(store, request)
    with caplog.at_level(logging.INFO):
        await postman(settings, store).go_round()
    assert "550@example.org" not in caplog.text
    (listed,) = (await client.get("/v1/mail", params={"status": "refused"})).json()["items"]
    assert (listed["id"], listed["code"], listed["to"]) == (mail, 550, request["neighbour"])
    await asked(client, "camille@example.org")
    again = await client.post(f"/v1/mail/{mail}/retry")
    assert (again.status_code, again.json()["status"]) == (200, "waiting")
    await postman(settings, store).go_round()
    assert [each["To"] for each in mail_server.received()] == ["camille@example.org"]


async def test_what_a_server_does_not_take_for_now_waits_and_the_others_go(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer
) -> None:
    held = await queued(store, await asked(client, "450@example.org"))
    worker = postman(settings, store)
    await worker.go_round()
    assert (await became(store, held)).status == "waiting"
    assert worker.told == "1 wait"
    await queued(store, await asked(client, "camille@example.org"))
    await worker.go_round()
    # The same neighbour now has an address that is taken, and the message that was held back is let be for a minute.
    assert len(mail_server.received()) == 1
    assert (await became(store, held)).status == "waiting"


async def test_a_server_that_is_away_is_told_of_once_and_nothing_is_lost(
    client: httpx.AsyncClient,
    store: Store,
    settings: Settings,
    mail_server: MailServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.mailing.AWAY", 0.0)
    request = await asked(client)
    for _ in range(3):
        await queued(store, request)
    mail_server.stop()
    worker = postman(settings, store)
    with caplog.at_level(logging.ERROR):
        await worker.go_round()
        await worker.go_round()
    assert len([each for each in caplog.records if "mail waits" in each.message]) == 1
    assert worker.told == "3 wait: the mail server is away (SMTPConnectError)"
    mail_server.start()
    await worker.go_round()
    assert len(mail_server.received()) == 3
    assert worker.told == "0 wait"


async def test_without_a_server_mail_waits_and_nothing_breaks(
    client: httpx.AsyncClient, store: Store, settings: Settings
) -> None:
    mail = await queued(store, await asked(client))
    worker = postman(settings.model_copy(update={"smtp_url": None, "public_url": None}), store)
    await worker.go_round()
    assert worker.told == "1 wait: SMTP_URL and PUBLIC_URL not set"
    (listed,) = (await client.get("/v1/mail", params={"status": "waiting"})).json()["items"]
    assert listed["id"] == mail


@pytest.mark.parametrize("has_server", [True, False])
async def test_who_was_erased_is_not_written_to(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer, *, has_server: bool
) -> None:
    request = await asked(client)
    mail = await queued(store, request)
    erased = await client.post("/v1/erasures", json={"person": request["neighbour"], "reason": "request"})
    assert erased.status_code == 201
    given = settings if has_server else settings.model_copy(update={"smtp_url": None})
    await postman(given, store).go_round()
    found = await became(store, mail)
    assert (found.status, found.reason) == ("dropped", "person_erased")
    assert not mail_server.received()


async def test_what_is_out_of_date_or_has_no_address_is_dropped(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer
) -> None:
    request = await asked(client)
    outdated = await queued(store, request)
    (await client.post(f"{PATH}/{request['id']}/close")).raise_for_status()
    await postman(settings, store).go_round()
    assert (await became(store, outdated)).reason == "out_of_date"
    unreachable = await queued(store, await asked(client, None))
    await postman(settings, store).go_round()
    assert (await became(store, unreachable)).reason == "no_address"
    assert not mail_server.received()


async def test_a_message_of_a_later_release_waits_for_it(
    client: httpx.AsyncClient, store: Store, settings: Settings
) -> None:
    mail = await queued(store, await asked(client), template="to_come")
    await postman(settings, store).go_round()
    assert (await became(store, mail)).status == "waiting"


async def test_ops_drop_what_waits_and_nobody_else_sees_it(
    client: httpx.AsyncClient, store: Store, issuer: Issuer
) -> None:
    mail = await queued(store, await asked(client))
    stranger = bearer(issuer, "neighbours:read neighbours:write", roles=["town_hall"])
    assert (await client.get(f"/v1/mail/{mail}", headers=stranger)).status_code == 404
    ours = await client.post(f"/v1/mail/{mail}/drop", json={"reason": "person_erased"})
    assert ours.json()["type"] == "/neighbours/problems/reason-of-another-role"
    dropped = await client.post(f"/v1/mail/{mail}/drop", json={"reason": "by_hand"})
    assert (dropped.status_code, dropped.json()["status"]) == (200, "dropped")
    assert (await client.post("/v1/mail", json={})).status_code == 405


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("dominique,camille@example.org", '"dominique,camille"@example.org'),
        ("<camille@example.org", '"<camille"@example.org'),
        ("camille;@example.org", '"camille;"@example.org'),
    ],
)
async def test_one_address_is_one_whatever_is_in_it(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer, address: str, reached: str
) -> None:
    mail = await queued(store, await asked(client, address))
    await postman(settings, store).go_round()
    assert (await became(store, mail)).status == "sent"
    (received,) = mail_server.received()
    assert [each.addr_spec for each in received["To"].addresses] == [reached]


async def test_an_address_may_be_in_letters_of_any_language(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer
) -> None:
    await queued(store, await asked(client, "andré@example.org"))
    await postman(settings, store).go_round()
    (received,) = mail_server.folder.iterdir()
    assert "To: andré@example.org\r\n".encode() in received.read_bytes()


async def test_a_password_is_never_sent_in_the_clear(
    client: httpx.AsyncClient, store: Store, settings: Settings, mail_server: MailServer
) -> None:
    mail = await queued(store, await asked(client))
    with_password = (mail_server.url).replace("smtp://", "smtp://user:secret@")
    worker = postman(settings.model_copy(update={"smtp_url": with_password}), store)
    await worker.go_round()
    assert (await became(store, mail)).status == "waiting"
    assert worker.told == "1 wait: the mail server is away (SMTPException)"
