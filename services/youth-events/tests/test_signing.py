"""How an agreement is read and signed by link: once, until a day, as it was read; and what who signs is written."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha256
from html import unescape
from typing import Any, Final

import httpx
import pytest
from beneficiaries import PREPARE, PREPARED
from frontends import Frontends, done, refused, serving, until
from pupils import COMPANY

from contracts.model import PARIS
from contracts.youth_events.immersion import Signatory
from devstack.issuer import Issuer
from devstack.mail_server import MailServer
from devstack.prepared import PERSONAL_KEY
from eventstore.postgres.store import Store
from service.links import Links
from youth_events.agreement import agreement, digest, printed, whole
from youth_events.immersion import immersions
from youth_events.signatures import PURPOSE, sealed

pytestmark = pytest.mark.anyio

TODAY: Final = datetime.now(PARIS).date()
MONDAY: Final = TODAY + timedelta(days=21 - TODAY.weekday())
KNOWING: Final = "youth-events:read youth-events:personal"


def somebody(name: str, **more: Any) -> dict[str, Any]:
    return {"family_name": "Exemple", "given_name": name, "email": f"{name.lower()}@example.org", **more}


BODY: Final[dict[str, Any]] = {
    "agency": "mission_locale",
    "company": COMPANY,
    "beneficiary": somebody("Camille", born_on="2001-04-02"),
    "tutor": somebody("Dominique"),
    "representative": somebody("Claude"),
    "adviser": somebody("Sacha"),
    "objective": "confirm_project",
    "rome": "H2902",
    "begins_on": str(MONDAY),
    "ends_on": str(MONDAY + timedelta(days=4)),
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "arrives": "09:00",
    "leaves": "17:00",
    "break_minutes": 60,
}
OF_A_MINOR: Final = {
    "beneficiary": somebody("Alix", born_on=str(MONDAY.replace(year=MONDAY.year - 17, day=1))),
    "guardian": somebody("Lou"),
    "leaves": "16:00",
}
AMENDED: Final = {name: value for name, value in BODY.items() if name not in ("agency", "company")} | {
    "leaves": "16:30"
}


class Signing:
    """An immersion to sign, and the links to it as they are in messages."""

    def __init__(self, frontends: Frontends, store: Store, immersion: dict[str, Any]) -> None:
        self.frontends = frontends
        self.id = immersion["id"]
        self._links = Links(PURPOSE, store.keyed)
        self.client: httpx.AsyncClient = frontends.client

    def link(self, signatory: Signatory, number: int) -> str:
        return f"/v1/signatures/{sealed(self._links, self.id, signatory, number)}"

    async def read(self, link: str, **headers: str) -> httpx.Response:
        return await self.client.get(link, headers=headers)

    async def sign(self, link: str, document: str | None = None) -> httpx.Response:
        if document is None:
            document = done(await self.read(link))["document"]
        return await self.client.post(f"{link}/sign", json={"document": document})

    async def agency(self, verb: str, **body: Any) -> dict[str, Any]:
        path = f"immersions/{self.id}/{verb}"
        return done(await self.frontends.post("mission_locale", None, path, **body))

    async def now(self) -> dict[str, Any]:
        return done(await self.frontends.get("mission_locale", None, f"immersions/{self.id}"))


@pytest.fixture
async def frontends(database: str, issuer: Issuer) -> AsyncIterator[Frontends]:
    """The service without a worker; the company is a member."""
    async with serving(database, issuer) as frontends:
        yield frontends


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with Store.open(database, personal_key=PERSONAL_KEY) as store:
        yield store


@pytest.fixture
async def signing(frontends: Frontends, store: Store) -> Signing:
    made = await frontends.post("mission_locale", None, "immersions", **BODY)
    return Signing(frontends, store, done(made, 201))


async def test_all_sign_what_they_read_and_the_agency_accepts_it(signing: Signing) -> None:
    numbered: list[tuple[Signatory, int]] = [("beneficiary", 1), ("company", 2), ("agency", 3)]
    documents = set()
    for signatory, number in numbered:
        link = signing.link(signatory, number)
        read = done(await signing.read(link))
        assert (read["signatory"], read["signed_on"], read["immersion"]) == (signatory, None, signing.id)
        assert "Camille Exemple" in read["agreement"]
        signed = done(await signing.sign(link, read["document"]))
        assert signed["signed_on"] == str(TODAY)
        documents.add(signed["document"])
    (document,) = documents
    state = await signing.now()
    assert (state["status"], state["document"]) == ("in_review", document)
    # What was signed is what is printed, whenever: the hash is that of the page, as anybody can compute it.
    page = await signing.frontends.get("mission_locale", None, f"agreements/{signing.id}", scopes=KNOWING)
    assert sha256(page.content).hexdigest() == document
    assert page.headers["cache-control"] == "no-store"
    assert (await signing.agency("accept"))["status"] == "accepted"
    history = await signing.frontends.get("mission_locale", None, f"immersions/{signing.id}/events")
    assert "Camille" not in history.text
    last = history.json()["items"][-2]
    assert last["metadata"]["actor"] == "signature-link"


async def test_a_browser_is_shown_a_page_and_opening_it_signs_nothing(signing: Signing) -> None:
    link = signing.link("company", 2)
    for _ in range(2):
        page = await signing.read(link, accept="text/html,application/xhtml+xml")
        assert page.status_code == 200
        assert "L&#39;entreprise d&#39;accueil" in page.text or "L'entreprise d'accueil" in page.text
        assert "<script" not in page.text
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    found = re.search(r'name="document" value="([0-9a-f]{64})"', page.text)
    assert found
    form = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
    client = signing.client
    signed = await client.post(f"{link}/sign", content=f"document={found[1]}", headers=form)
    assert signed.status_code == 200
    assert "Vous avez signé cette convention" in unescape(signed.text)
    again = await client.post(f"{link}/sign", content=f"document={found[1]}", headers=form)
    assert again.status_code == 409
    assert "Ce lien a déjà servi : la signature est donnée." in unescape(again.text)
    shown = await signing.read(link, accept="text/html")
    assert "Vous avez signé cette convention" in unescape(shown.text)
    assert (await signing.read(f"{link}/agreement.pdf")).content.startswith(b"%PDF-")


async def test_a_link_is_good_once_until_a_day_and_until_there_is_another(
    signing: Signing, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = signing.link("company", 2)
    document = done(await signing.sign(link))["document"]
    refused(await signing.sign(link, document), 409, "signature-link-used")
    replaced = signing.link("agency", 3)
    renewed = await signing.agency("renew-link", signatory="agency")
    assert max(each["number"] for each in renewed["links"]) == 4
    refused(await signing.sign(replaced, document), 409, "signature-link-revoked")
    latest = signing.link("agency", 4)
    await signing.agency("revoke-link", signatory="agency")
    refused(await signing.sign(latest, document), 409, "signature-link-revoked")
    late = datetime.now(PARIS) + timedelta(days=15)
    with monkeypatch.context() as later:
        later.setattr("service.clock.now", lambda: late)
        answer = refused(await signing.sign(signing.link("beneficiary", 1), document), 409, "signature-link-expired")
        assert "parameters" in answer


@pytest.mark.parametrize("forge", ["other seal", "other role", "nothing", "a word"])
async def test_nobody_makes_up_a_link(signing: Signing, forge: str) -> None:
    link = signing.link("company", 2)
    forged = {
        "other seal": link[:-1] + ("A" if link[-1] != "A" else "B"),
        "other role": link.replace(".company.", ".agency."),
        "nothing": f"/v1/signatures/{signing.id}.company.2.",
        "a word": "/v1/signatures/é",
    }[forge]
    refused(await signing.read(forged), 404, "not-found")
    refused(await signing.sign(forged, "0" * 64), 404, "not-found")
    page = await signing.read(forged, accept="text/html")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_an_edit_makes_what_was_signed_void_and_nobody_signs_what_they_did_not_read(signing: Signing) -> None:
    first, second = signing.link("company", 2), signing.link("agency", 3)
    document = done(await signing.sign(first))["document"]
    amended = await signing.agency("amend", **AMENDED)
    assert (amended["status"], amended["terms"], amended["document"]) == ("ready_to_sign", 2, None)
    refused(await signing.sign(second, document), 409, "signature-link-revoked")
    refused(await signing.sign(signing.link("agency", 6), document), 409, "agreement-changed")
    again = done(await signing.sign(signing.link("agency", 6)))
    assert again["document"] != document


async def test_a_link_that_went_astray_shows_nothing(signing: Signing, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked, replaced, expiring = signing.link("company", 2), signing.link("agency", 3), signing.link("beneficiary", 1)
    await signing.agency("revoke-link", signatory="company")
    await signing.agency("renew-link", signatory="agency")
    late = datetime.now(PARIS) + timedelta(days=15)

    async def shows_nothing(link: str, slug: str) -> None:
        for path in (link, f"{link}/agreement.pdf"):
            assert "Camille" not in str(refused(await signing.read(path), 409, slug))
        page = await signing.read(link, accept="text/html")
        assert (page.status_code, "Camille" in page.text) == (409, False)

    for link in (revoked, replaced):
        await shows_nothing(link, "signature-link-revoked")
    with monkeypatch.context() as later:
        later.setattr("service.clock.now", lambda: late)
        await shows_nothing(expiring, "signature-link-expired")
    await signing.agency("amend", **AMENDED)
    await shows_nothing(expiring, "signature-link-revoked")
    latest = signing.link("company", 6)
    assert "Camille" in done(await signing.read(latest))["agreement"]
    await signing.agency("cancel", reason="beneficiary_withdrew")
    refused(await signing.read(latest), 404, "not-found")


async def test_what_is_sent_must_be_a_hash(signing: Signing) -> None:
    link = signing.link("company", 2)
    answer = refused(await signing.sign(link, "abc"), 422, "invalid")
    assert [fault["pointer"] for fault in answer["errors"]] == ["#/document"]
    refused(await signing.client.post(f"{link}/sign", content=b"{"), 415, "unsupported-media-type")


async def test_of_fifty_who_use_a_link_at_once_one_signs(signing: Signing) -> None:
    link = signing.link("company", 2)
    document = done(await signing.read(link))["document"]
    answers = await asyncio.gather(*(signing.sign(link, document) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
    # Three who sign at once sign one document.
    others: list[tuple[Signatory, int]] = [("beneficiary", 1), ("agency", 3)]
    await asyncio.gather(*(signing.sign(signing.link(*each), document) for each in others))
    assert (await signing.now())["status"] == "in_review"


async def test_who_may_not_know_whom_it_names_reads_no_agreement(signing: Signing) -> None:
    path = f"agreements/{signing.id}"
    for by, of, scopes, status in (
        ("mission_locale", None, "youth-events:read", 403),
        ("network", None, KNOWING, 404),
        ("company", "00000001900017", KNOWING, 404),
        ("company", COMPANY, KNOWING, 200),
    ):
        for form in ("", "/agreement.pdf"):
            answer = await signing.frontends.get(by, of, path + form, scopes=scopes)
            assert answer.status_code == status, (by, answer.text)
    printed_by_link = await signing.read(f"{signing.link('company', 2)}/agreement.pdf")
    assert printed_by_link.content.startswith(b"%PDF-")


async def test_an_agreement_of_somebody_who_was_erased_is_read_no_more(signing: Signing) -> None:
    beneficiary = (await signing.now())["beneficiary"]
    erase = signing.frontends.post("ops", None, "erasures", person=beneficiary, reason="request")
    done(await erase, 201)
    refused(await signing.read(signing.link("company", 2)), 404, "not-found")


KNOWN: Final[dict[str, dict[str, str]]] = {
    PREPARED.beneficiary: {"given_name": "Łucja", "family_name": "<b>Œuvrard</b>", "born_on": "2001-04-02"},
    PREPARED.tutor: {"given_name": "Dominique", "family_name": "Exemple"},
    PREPARED.representative: {"given_name": "Claude", "family_name": "Exemple"},
    PREPARED.adviser: {"given_name": "Sacha", "family_name": "Exemple"},
}


def keyed(text: bytes) -> bytes:
    return sha256(text).digest()


def test_the_words_of_an_agreement_change_on_purpose_alone() -> None:
    state = immersions.fold([PREPARED])
    assert state
    content = agreement("0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d", state, KNOWN, keyed)
    # Whoever has a link when a release changes this has to sign anew: say so in its notes.
    assert digest(content) == ("bfa156233c8862bde6dc6ea892eaae6cc24756bada7a629de8f870460cfc2eb1")
    assert "Łucja &lt;b&gt;Œuvrard&lt;/b&gt;" in content
    assert sha256(whole(content)).hexdigest() == digest(content)
    assert PREPARE.beneficiary.subject == PREPARED.beneficiary
    pdf = printed(content, state)
    assert pdf.startswith(b"%PDF-")
    assert printed(content, state) == pdf


@pytest.mark.slow
async def test_who_signs_is_written_to_from_the_first_link_to_the_outcome(
    database: str, kafka: str, issuer: Issuer, mail_server: MailServer
) -> None:
    where = {"kafka_bootstrap": kafka, "territory": f"t{uuid.uuid4().hex[:8]}", "topic_partitions": 2}
    mail = {"smtp_url": mail_server.url, "mail_from": "programme@example.org", "public_url": "http://localhost:8000"}
    async with serving(database, issuer, worker=True, **where, **mail) as frontends:
        made = await frontends.post("mission_locale", None, "immersions", **BODY | OF_A_MINOR)
        immersion = done(made, 201)["id"]

        def received(subject: str) -> dict[str, str]:
            """What was written under a subject, by the address that reads it."""
            found = [each for each in mail_server.received() if each["Subject"] == subject]
            return {str(each["To"]): each.get_content() for each in found}

        async def written(subject: str, to: set[str]) -> dict[str, str]:
            async def is_there() -> bool:
                return received(subject).keys() >= {f"{name}@example.org" for name in to}

            await until(is_there)
            return received(subject)

        def link(text: str) -> str:
            found = re.search(r"http://localhost:8000/youth-events(/v1/signatures/\S+)", text)
            assert found, text
            return found[1]

        client = frontends.client
        asked = await written("Une convention à signer", {"alix", "lou", "claude", "sacha"})
        assert "Exemple" in asked["lou@example.org"]
        assert "Le responsable légal" in asked["lou@example.org"]
        read = done(await client.get(link(asked["lou@example.org"])))
        done(await client.post(f"{link(asked['lou@example.org'])}/sign", json={"document": read["document"]}))
        terms = AMENDED | OF_A_MINOR | {"leaves": "15:30"}
        done(await frontends.post("mission_locale", None, f"immersions/{immersion}/amend", **terms))
        voided = await written("Convention modifiée : à signer de nouveau", {"lou"})
        assert voided.keys() == {"lou@example.org"}
        refused(await client.get(link(asked["lou@example.org"]) + "x"), 404, "not-found")

        async def all_have_new_links() -> bool:
            asking = [each for each in mail_server.received() if each["Subject"] == "Une convention à signer"]
            # Whatever of it was sent once more, as is done where nobody knows whether it was.
            return len({each["Message-ID"] for each in asking}) == 7

        await until(all_have_new_links)
        latest = {**received("Une convention à signer"), **voided}
        for text in latest.values():
            read = done(await client.get(link(text)))
            done(await client.post(f"{link(text)}/sign", json={"document": read["document"]}))
        done(await frontends.post("mission_locale", None, f"immersions/{immersion}/accept"))
        await written("Immersion validée", {"alix", "lou", "claude", "sacha"})

        async def all_is_known_to_be_sent() -> bool:
            listed = done(await frontends.get("ops", None, "mail", about=immersion))
            return [each["status"] for each in listed["items"]] == ["sent"] * 12

        await until(all_is_known_to_be_sent)
