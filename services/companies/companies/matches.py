"""`GET /v1/synergies/matches`: which surpluses could answer which needs, for those who bring companies together.

`companies.matching` says what matches, and in which order. Here the flows are read: those that go on, at most
`MOST_FLOWS` of either direction, the last that were declared. An answer says whether these are all. Of companies that
are no active members nothing is proposed.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from companies.company import Company, companies
from companies.flow import GOING_ON, Flow, flows
from companies.matching import Declared, Match, Place, Reason, ReasonCode, best
from companies.synergy import OPEN, synergies
from contracts.companies.flow import FlowDirection, FlowKind, FlowUnit
from contracts.model import Day
from contracts.values import Commune, FlowQuantity, RecordId, ShortText, Siret, WasteCode, Zone
from eventstore.decider import Decider, S
from eventstore.execution import Outcome, pages, revive
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from service.clock import today
from service.http.auth import Caller
from service.http.listing import CURSOR, GREATEST_LIMIT, LIMIT, LONGEST_CURSOR, cursor_of, not_a_cursor, read_cursor
from service.http.reading import Readers, Reads
from service.http.routes import CurrentStore, requires

MOST_FLOWS: Final = 200
"""How many surpluses, and how many needs, are compared at most: each with each of the others."""
PATH: Final = "/v1/synergies/matches"


class AskedMatches(BaseModel):
    """Which matches, and which page of them."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    kind: FlowKind | None = None
    """Only of this kind."""
    waste: WasteCode | None = None
    """Only of this waste."""
    company: Siret | None = None
    """Only those that this company has a part in."""
    limit: Annotated[int, Field(ge=1, le=GREATEST_LIMIT)] = LIMIT
    """How many a page has at most."""
    cursor: Annotated[str, Field(max_length=LONGEST_CURSOR, json_schema_extra={"pattern": CURSOR})] | None = None
    """Where the page before ended, from its `Link` header."""

    def after(self) -> Place | None:
        """The match that the page comes after. Raises Problem."""
        if self.cursor is None:
            return None
        told = re.fullmatch(r"([0-9]{1,3})/([0-9a-f-]{1,36})/([0-9a-f-]{1,36})", read_cursor(self.cursor))
        if told is None:
            raise not_a_cursor()
        return Place(int(told[1]), told[2], told[3])


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class MatchedFlow(_Answer):
    """A surplus, or a need."""

    id: RecordId
    company: Siret
    name: ShortText | None
    """Of the company; none of a sole trader."""
    commune: Commune
    zone: Zone | None
    description: ShortText
    quantity: FlowQuantity
    """Per month."""
    first: Day
    last: Day | None


class ReasonSentence(_Answer):
    """A reason as people say it."""

    en: Annotated[str, Field(examples=["the surplus covers 84 % of the need"])]
    fr: Annotated[str, Field(examples=["l'excédent couvre 84 % du besoin"])]


class MatchReason(_Answer):
    """Why they match, and how well."""

    code: ReasonCode
    points: Annotated[int, Field(ge=0, le=100, examples=[42])]
    """Those of all reasons add up to the match's."""
    value: Annotated[float, Field(examples=[84])] | None
    """Percent of the need, months in common, or km."""
    sentence: ReasonSentence


class MatchFound(_Answer):
    """A surplus that could answer a need."""

    kind: FlowKind
    waste: WasteCode | None
    unit: FlowUnit
    points: Annotated[int, Field(ge=0, le=100, examples=[92])]
    surplus: MatchedFlow
    need: MatchedFlow
    reasons: list[MatchReason]


class Matches(_Answer):
    """A page of matches, those with the most points first."""

    items: list[MatchFound]
    surpluses: Annotated[int, Field(ge=0, le=MOST_FLOWS, examples=[12])]
    """How many go on, of those that were asked for: what is compared, but for what is in a synergy already."""
    needs: Annotated[int, Field(ge=0, le=MOST_FLOWS, examples=[9])]
    """Likewise."""
    complete: bool
    """Whether there are no more, of which the oldest would be left out: otherwise ask by kind or waste."""


def matching(reads: Reads) -> APIRouter:
    """The route of matches, for those who read the flows: a company is shown those that it has a part in."""
    router = APIRouter(tags=["synergies"], generate_unique_id_function=lambda route: route.name)
    readers = Readers(flows, reads)

    @router.get(PATH, summary="Surpluses that could answer needs")
    async def list_matches(
        caller: Annotated[Caller, requires("companies:read")],
        store: CurrentStore,
        request: Request,
        response: Response,
        asked: Annotated[AskedMatches, Query()],
    ) -> Matches:
        """Pairs of a surplus and a need of two companies, each with its reasons: the same kind or waste code and unit,
        how much of the need is covered, the months in common from today on, and how far the communes are apart.

        What is in a synergy that goes on is not proposed again. A company is shown the pairs that it has a part in.
        """
        after = asked.after()
        parties = {asked.company} if asked.company else set()
        if not readers.reads_all(caller.actor):
            own = {organisation for _, organisation in readers.owned(caller.actor)}
            if not own:
                return Matches(items=[], surpluses=0, needs=0, complete=True)
            parties |= own
        surpluses, needs = [await _flows(store, asked, direction) for direction in ("surplus", "need")]
        members = await _members(store, [*surpluses, *needs])
        there = [each for each in (*surpluses, *needs) if each.flow.company in members]
        taken = await _taken(store, there)
        # Beside the loop: each is compared with each.
        found = await asyncio.to_thread(
            best, there, today(), limit=asked.limit + 1, taken=taken, companies=parties, after=after
        )
        page = found[: asked.limit]
        if len(found) > len(page):
            told = asked.model_dump(include={"kind", "waste", "company", "limit"}, exclude_none=True)
            query = urlencode({**told, "cursor": cursor_of("/".join(map(str, page[-1].place)))})
            response.headers["Link"] = f'<{request.scope["root_path"]}{PATH}?{query}>; rel="next"'
        return Matches(
            items=[_shown(match, {siret: company.name for siret, company in members.items()}) for match in page],
            surpluses=len(surpluses),
            needs=len(needs),
            complete=max(len(surpluses), len(needs)) < MOST_FLOWS,
        )

    return router


async def _flows(store: Store, asked: AskedMatches, direction: FlowDirection) -> list[Declared]:
    """The flows of a direction that go on, the last declared first."""
    wanted: dict[str, object] = {"status": GOING_ON, "direction": direction}
    wanted |= {name: value for name in ("kind", "waste") if (value := getattr(asked, name)) is not None}
    return [Declared(*each) for each in await _found(store, flows, wanted, MOST_FLOWS, sort="declared_on")]


async def _members(store: Store, declared: Sequence[Declared]) -> dict[str, Company]:
    """The companies of flows that are active members."""
    ids = [companies.stream_id(siret) for siret in sorted({each.flow.company for each in declared})]
    states = [(await revive(store, companies, stream)).state for stream in await store.load_all(ids) if stream]
    return {state.siret: state for state in states if state.status == "active"}


async def _taken(store: Store, declared: Sequence[Declared]) -> set[str]:
    """Those of the flows that are in a synergy that goes on: each is in one at most."""
    if not declared:
        return set()
    wanted = {"status": OPEN, "flows": tuple(each.id for each in declared)}
    found = await _found(store, synergies, wanted, len(declared))
    return {flow for _, synergy in found for flow in synergy.flows}


async def _found(
    store: Store, decider: Decider[S], wanted: Mapping[str, object], limit: int, sort: str | None = None
) -> list[tuple[str, S]]:
    labels = decider.labelling.having_all(wanted)
    first = Wanted(decider.category, labels=labels, sort=sort, descending=sort is not None, limit=limit)
    page: Sequence[Outcome[S]] = await anext(pages(store, decider, first), [])
    return [(outcome.identity, outcome.state) for outcome in page]


def _shown(match: Match, names: dict[str, str | None]) -> MatchFound:
    surplus, need = (_flow(each.id, each.flow, names) for each in (match.surplus, match.need))
    flow = match.need.flow
    return MatchFound(
        kind=flow.kind,
        waste=flow.waste,
        unit=flow.unit,
        points=match.points,
        surplus=surplus,
        need=need,
        reasons=[_reason(reason) for reason in match.reasons],
    )


def _flow(identity: str, flow: Flow, names: dict[str, str | None]) -> MatchedFlow:
    told = flow.model_dump(include={*MatchedFlow.model_fields})
    return MatchedFlow(id=identity, name=names[flow.company], **told)


def _reason(reason: Reason) -> MatchReason:
    sentence = ReasonSentence(en=reason.told("en"), fr=reason.told("fr"))
    return MatchReason(code=reason.code, points=reason.points, value=reason.value, sentence=sentence)
