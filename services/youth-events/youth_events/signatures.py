"""How an immersion's agreement is read and signed: by a link, without a token, and by those who may know who it names.

The link is what a signatory has. It opens a page with the agreement and one button; opening it signs nothing, as mail
is opened by programs, too. A frontend of its own reads and signs the same as JSON.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, cast
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json, to_json

from contracts.labels import VOCABULARIES
from contracts.language import Sentence, written
from contracts.values import DocumentHash, RecordId
from contracts.youth_events.immersion import Signatory, SignatureLink
from eventstore.decider import PLATFORM, Actor, Context
from eventstore.execution import Outcome, StreamNotFound, current, execute
from eventstore.postgres.appending import VersionConflict
from eventstore.postgres.connection import StoreUnavailable
from eventstore.postgres.store import Store
from eventstore.refusal import Rejected
from service import clock
from service.http.auth import Caller
from service.http.faults import fault_of
from service.http.headers import require_json
from service.http.problems import Problem, invalid
from service.http.reading import Readers, Reads
from service.http.routes import CurrentStore, requires
from service.http.sentences import Said
from service.links import Links
from youth_events.agreement import POLICY, agreement, digest, page, printed, rendered, whole
from youth_events.immersion import (
    AGREEMENT_CHANGED,
    OVER,
    SIGNATURE_LINK_EXPIRED,
    SIGNATURE_LINK_REVOKED,
    Immersion,
    Sign,
    immersions,
)

PURPOSE: Final = "signature"
SIGNER: Final = Actor("signature-link", frozenset({PLATFORM}))
"""Who signs by a link: the platform vouches for it, as it has checked the seal."""
ATTEMPTS: Final = 20
"""Each time it is tried again, somebody else has signed or the agency has decided."""
HTML: Final = "text/html"
FORM: Final = "application/x-www-form-urlencoded"
EXAMPLE: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""Nobody keeps the page, nor learns its address from a link on it."""
NO_LINK: Final = Sentence(
    "this is no link to sign by: open the one in the latest message",
    "ce n'est pas un lien de signature : ouvrez celui du dernier message reçu",
)
NOTHING_TO_SIGN: Final = Sentence(
    "this immersion will not take place, or was broken off: there is nothing to sign any more",
    "cette immersion n'aura pas lieu ou a pris fin : il n'y a plus rien à signer",
)
NO_AGREEMENT: Final = Sentence(
    "the agreement names somebody who was erased", "la convention nomme quelqu'un qui a été effacé"
)
SignatureLinkPath = Annotated[
    str,
    Path(
        description="The end of the link in a message.",
        examples=["0190a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d.company.2.oxRvsTmSEAMyrSloqvg2NQ"],
        # For who generates clients: what is no link is answered as one that is not ours.
        json_schema_extra={"maxLength": 100, "pattern": r"^[0-9a-f-]{36}\.[a-z]+\.[0-9]+\.[A-Za-z0-9_-]{22}$"},
    ),
]
ImmersionPath = Annotated[RecordId, Path(description="The id of the immersion.")]


class Pdf(Response):
    """A document to print."""

    media_type = "application/pdf"


class Signature(BaseModel):
    """What somebody is to sign, or has signed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    immersion: RecordId
    signatory: Signatory
    """As what the holder of the link signs."""
    valid_until: date
    """The last day on which the link can be used."""
    signed_on: date | None
    """When it was."""
    document: DocumentHash
    """The hash of the agreement: sent back, it says what was read."""
    agreement: str = Field(examples=["<h1>Convention de mise en situation en milieu professionnel</h1>"])
    """The agreement, as HTML without scripts and styles, to be shown to who signs."""


class Signing(BaseModel):
    """That the agreement is signed."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    document: DocumentHash
    """Of the agreement as it was read."""


@dataclass(frozen=True)
class _Opened:
    """A link of ours, with what it leads to."""

    found: Outcome[Immersion]
    signatory: Signatory
    number: int
    content: str

    @property
    def link(self) -> SignatureLink:
        """The link, as long as it is good or was signed by. Raises Rejected for one that is good no longer."""
        link = self.found.state.link_of(self.signatory)
        if link is None or link.number != self.number or link.revoked:
            raise SIGNATURE_LINK_REVOKED()
        return link

    def check(self) -> None:
        """What a link shows it shows only while it is good, and to who has signed by it: it may have gone astray.

        Raises Problem and Rejected.
        """
        link = self.link
        if self.found.state.status in OVER:
            raise Problem("not-found", Said(NOTHING_TO_SIGN))
        if not link.signed_on and clock.now().date() > link.valid_until:
            raise SIGNATURE_LINK_EXPIRED(valid_until=link.valid_until)

    @property
    def signature(self) -> Signature:
        """As it is told."""
        link = self.link
        return Signature(
            immersion=self.found.identity,
            signatory=self.signatory,
            valid_until=link.valid_until,
            signed_on=link.signed_on,
            document=digest(self.content),
            agreement=self.content,
        )


def sealed(links: Links, identity: str, signatory: Signatory, number: int) -> str:
    """The link by which somebody signs."""
    return links.seal(identity, signatory, str(number))


async def _open(store: Store, link: str) -> _Opened:
    """What a link leads to. Raises Problem for one that is none, or of what can be read no more."""
    said = Links(PURPOSE, store.keyed).read(link)
    found = await current(store, immersions, said[0]) if said else None
    if said and not found:
        await store.refuse_unconfirmed()
    if said is None or found is None:
        raise Problem("not-found", Said(NO_LINK))
    _, signatory, number = said
    opened = _Opened(found, cast(Signatory, signatory), int(number), await _content(store, found))
    opened.check()
    return opened


async def _content(store: Store, found: Outcome[Immersion]) -> str:
    """The agreement as it is now. Raises Problem where somebody was erased."""
    known = await store.persons(immersions.named_in(found.state))
    told: dict[str, dict[str, Any]] = {subject: from_json(each.data) for subject, each in known.items()}
    try:
        return agreement(found.identity, found.state, told, store.keyed)
    except LookupError:
        raise Problem("not-found", Said(NO_AGREEMENT)) from None


def _trouble(opened: _Opened) -> Rejected | None:
    """Why nobody can sign by this link now."""
    sign = Sign(signatory=opened.signatory, link=opened.number, document=digest(opened.content))
    try:
        immersions.decide(opened.found.state, sign, Context(clock.now(), SIGNER.roles))
    except Rejected as rejected:
        return rejected
    return None


async def _sign(store: Store, link: str, document: str) -> _Opened:
    """Signs what was read. Raises Problem, Rejected and StoreUnavailable."""
    for _ in range(ATTEMPTS):
        opened = await _open(store, link)
        if document != digest(opened.content):
            raise _trouble(opened) or AGREEMENT_CHANGED()
        try:
            signed = await execute(
                store,
                immersions,
                Sign(signatory=opened.signatory, link=opened.number, document=document),
                identity=opened.found.identity,
                actor=SIGNER,
                now=clock.now(),
                metadata=f'{{"actor":"{SIGNER.client}"}}',
                expected=opened.found.version,
            )
        except VersionConflict:
            # Another has signed meanwhile, or the terms were told anew, which are not what was read.
            continue
        return _Opened(signed, opened.signatory, opened.number, opened.content)
    raise StoreUnavailable(f"{link.partition('.')[0]} is changed by too many at once")


def router(reads: Reads) -> APIRouter:
    """The routes of agreements and signatures. `reads` are those who read immersions."""
    routes = APIRouter()
    readers = Readers(immersions, reads)

    @routes.get(
        "/v1/signatures/{link}",
        name="read-signature",
        tags=["signatures"],
        summary="What the holder of a link is to sign",
        response_model=Signature,
        responses={200: {"content": {HTML: {"example": "<!doctype html>"}}}},
    )
    async def read_signature(link: SignatureLinkPath, request: Request, store: CurrentStore) -> Response:
        """The agreement, with its hash: as a page with a button where HTML is asked for, as by browsers, or else JSON.

        It needs no token: the link, out of the latest message, is good for one signature, until a day. Opening it
        signs nothing."""
        if not _asks_for_page(request):
            opened = await _open(store, link)
            return JSONResponse(opened.signature.model_dump(mode="json"), headers=HEADERS)
        try:
            opened = await _open(store, link)
        except Problem as problem:
            return _page(problem.detail.told("fr"), status=problem.status)
        except Rejected as rejected:
            return _page(rejected.told("fr"), status=409)
        signature = opened.signature
        return _page(
            None,
            action=f"{link}/sign",
            signed_on=signature.signed_on and written(signature.signed_on, "fr"),
            role=VOCABULARIES["signatories"][opened.signatory].fr,
            valid_until=written(signature.valid_until, "fr"),
            agreement=opened.content,
            document=signature.document,
            pdf=f"{link}/agreement.pdf",
        )

    @routes.post(
        "/v1/signatures/{link}/sign",
        name="sign",
        tags=["signatures"],
        summary="Sign an agreement",
        response_model=Signature,
        responses={200: {"content": {HTML: {"example": "<!doctype html>"}}}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    kind: {"schema": Signing.model_json_schema(), "example": {"document": EXAMPLE}}
                    for kind in ("application/json", FORM)
                },
            }
        },
    )
    async def sign(link: SignatureLinkPath, request: Request, store: CurrentStore) -> Response:
        """The holder of the link signs the agreement of this hash, as its `agreement` was read. It needs no token.

        Sent once more it is refused (`signature-link-used`), as is a link that has expired or was replaced, or the
        hash of an agreement that was told anew since."""
        if not _asks_for_page(request):
            opened = await _sign(store, link, await _document(request))
            return JSONResponse(opened.signature.model_dump(mode="json"), headers=HEADERS)
        try:
            await _sign(store, link, await _document(request))
        except Problem as problem:
            return _page(problem.detail.told("fr"), status=problem.status)
        except Rejected as rejected:
            return _page(rejected.told("fr"), status=409)
        return _page(None, signed_on=written(clock.now().date(), "fr"), pdf="agreement.pdf")

    @routes.get(
        "/v1/signatures/{link}/agreement.pdf",
        name="read-agreement-to-sign",
        tags=["signatures"],
        summary="The agreement that the holder of a link signs, to print",
        response_class=Pdf,
    )
    async def read_pdf_by_link(link: SignatureLinkPath, store: CurrentStore) -> Response:
        """As PDF, with the hash of what is signed on each page. It needs no token; who has signed by the link still
        opens it afterwards."""
        opened = await _open(store, link)
        return Pdf(printed(opened.content, opened.found.state), headers=HEADERS)

    async def readable(id: RecordId, caller: Caller, store: Store) -> Outcome[Immersion]:  # noqa: A002
        found = await current(store, immersions, id)
        if found is None or not readers.reads_whole(found.state, caller.actor):
            raise StreamNotFound(immersions.category, id)
        return found

    @routes.get(
        "/v1/agreements/{id}",
        name="read-agreement",
        tags=["agreements"],
        summary="The agreement of an immersion, as it is signed",
        response_class=HTMLResponse,
    )
    async def read_agreement(
        id: ImmersionPath,  # noqa: A002  as every record has it
        caller: Annotated[Caller, requires("youth-events:personal")],
        store: CurrentStore,
    ) -> Response:
        """The page whose SHA-256 is the `document` of the immersion: save it, and `sha256sum` prints that hash."""
        return HTMLResponse(whole(await _content(store, await readable(id, caller, store))), headers=HEADERS)

    @routes.get(
        "/v1/agreements/{id}/agreement.pdf",
        name="print-agreement",
        tags=["agreements"],
        summary="The agreement of an immersion, to print",
        response_class=Pdf,
    )
    async def print_agreement(
        id: ImmersionPath,  # noqa: A002  as every record has it
        caller: Annotated[Caller, requires("youth-events:personal")],
        store: CurrentStore,
    ) -> Response:
        """As PDF, with the hash of what is signed on each page."""
        found = await readable(id, caller, store)
        return Pdf(printed(await _content(store, found), found.state), headers=HEADERS)

    return routes


def _asks_for_page(request: Request) -> bool:
    return HTML in request.headers.get("accept", "")


async def _document(request: Request) -> str:
    """The hash that a form or a JSON body says. Raises Problem."""
    body = await request.body()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        said = parse_qs(body.decode(errors="replace"))
        body = to_json({name: values[-1] for name, values in said.items()})
    else:
        require_json(request.scope["exchange"])
    try:
        return Signing.model_validate_json(body or b"{}").document
    except ValidationError as error:
        raise invalid(fault_of(each) for each in error.errors(include_url=False, include_input=False)) from None


def _page(trouble: str | None, *, status: int = 200, **said: object) -> HTMLResponse:
    if trouble:
        trouble = f"{trouble[0].upper()}{trouble[1:]}."
    content = rendered("sign.html", trouble=trouble, **{"signed_on": None, **said})
    return HTMLResponse(page("Signer une convention", content), status, HEADERS)
