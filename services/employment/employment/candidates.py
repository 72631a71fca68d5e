"""`GET /v1/vacancies/{id}/candidates`: whom an adviser could propose for a vacancy that is open.

`employment.ranking` says who, in which order, and why. Here the paths are read: those that look for work near the
vacancy's occupation, at most `MOST_PATHS`, the first to be available. Whoever has applied already is left out. Nobody
is named, and nothing is decided or recorded: an adviser looks at the path, speaks with the person, and submits an
application.
"""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from contracts.employment.path import Skill
from contracts.employment.priority import PriorityGroup
from contracts.employment.vacancy import CATEGORY
from contracts.values import RecordId, Rome, Subject
from contracts.youth_events.immersion import Agency
from employment.application import ADVISERS, VACANCY_NOT_OPEN, applications
from employment.path import Path, paths
from employment.ranking import PROPOSED, Candidate, Place, Post, Reason, ReasonCode, Seeking, near, ranked, seeking
from employment.vacancy import vacancies
from eventstore.bounds import Is
from eventstore.execution import StreamNotFound, current, pages
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from eventstore.refusal import ROLE_MISSING, Forbidden
from service.clock import today
from service.documents.components import refer, response
from service.documents.refusals import refusals
from service.http.auth import Caller
from service.http.kinds import KINDS
from service.http.listing import CURSOR, LONGEST_CURSOR, cursor_of, not_a_cursor, read_cursor
from service.http.routes import OWN, CurrentStore, requires
from service.running.settings import OwnSettings

MOST_PATHS: Final = 2_000
"""How many paths are looked through at most: more than the territory has people looking for work in one family of
occupations."""
AT_ONCE: Final = 200
"""How many records are read at a time."""
GROUPS: Final[tuple[PriorityGroup, ...]] = get_args(PriorityGroup)


def _parted(written: object) -> object:
    """Reads `long_term,woman`."""
    if isinstance(written, str):
        return tuple(dict.fromkeys(group.strip() for group in written.split(",") if group.strip()))
    return written


class CandidateSettings(OwnSettings):
    """What the programme's partners chose for the order of candidates."""

    priority_groups_first: Annotated[
        tuple[PriorityGroup, ...],
        NoDecode,
        BeforeValidator(_parted),
        Is(f"priority groups separated by commas, of {', '.join(GROUPS)}"),
    ] = ()
    """The priority groups whose members stand before all others, comma-separated: `long_term,very_long_term`."""


class AskedCandidates(BaseModel):
    """Which page of them."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """How many a page has at most."""
    cursor: Annotated[str, Field(max_length=LONGEST_CURSOR, json_schema_extra={"pattern": CURSOR})] | None = None
    """Where the page before ended, from its `Link` header."""

    def after(self) -> Place | None:
        """The place that the page comes after. Raises Problem."""
        if self.cursor is None:
            return None
        told = re.fullmatch(r"([01])/([0-9]{1,3})/([0-9a-f]{32})", read_cursor(self.cursor))
        if told is None:
            raise not_a_cursor()
        return Place(int(told[1]), int(told[2]), told[3])


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class CandidateSentence(_Answer):
    """A reason as people say it. Occupations have their French labels, as ROME is published."""

    en: Annotated[str, Field(examples=["is available in 12 days"])]
    fr: Annotated[str, Field(examples=["est disponible dans 12 jours"])]


class CandidateReason(_Answer):
    """Why somebody is proposed, and what that weighs."""

    code: ReasonCode
    points: Annotated[int, Field(ge=0, le=50, examples=[13])]
    """Those of all reasons add up to the candidate's."""
    value: Annotated[float, Field(ge=0, examples=[12])] | None = None
    """Years, days or hours a week."""
    rome: Rome | None = None
    """The occupation that it speaks of."""
    sentence: CandidateSentence


class ProposedCandidate(_Answer):
    """Somebody whom an adviser could propose."""

    path: RecordId
    seeker: Subject
    """The person's pseudonym. Who it is, the path tells to whom may know."""
    agency: Agency
    """Whose adviser accompanies the person."""
    rank: Annotated[int, Field(ge=1, examples=[1])]
    """The first is 1."""
    rank_by_points: Annotated[int, Field(ge=1, examples=[3])]
    """The rank by points alone: another one only where `priority_first` moved somebody."""
    points: Annotated[int, Field(ge=0, le=100, examples=[88])]
    first_as: list[PriorityGroup]
    """The groups of `priority_first` that the person belongs to, which is why they stand before others. No group ever
    changes points, and without that setting none is told."""
    reasons: Annotated[list[CandidateReason], Field(min_length=4, max_length=4)]
    """Of the occupation, the skills, the availability and the hours, in this order."""


class Candidates(_Answer):
    """A page of candidates, the first to be proposed first."""

    items: list[ProposedCandidate]
    priority_first: list[PriorityGroup]
    """The priority groups that the programme's partners put before all others; none unless they chose so."""
    count: Annotated[int, Field(ge=0, le=MOST_PATHS, examples=[14])]
    """How many candidates there are in all."""
    complete: bool
    """Whether all paths that look for work near the occupation were compared; otherwise these are those of the first
    2,000 to be available."""


_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    403: response(
        "employment", "Not with this token.", {slug: KINDS[slug] for slug in ("scope-missing", "role-missing")}
    ),
    409: response(
        "employment",
        "The vacancy is not open.",
        {VACANCY_NOT_OPEN.slug: refusals(applications)[VACANCY_NOT_OPEN.slug]},
        schema=refer("schemas", "VacancyNotOpenProblem"),
        members={VACANCY_NOT_OPEN.slug: {"parameters": {"status": "filled"}}},
    ),
}


def proposing() -> APIRouter:
    """The route of candidates, for advisers."""
    router = APIRouter(tags=["vacancies"], generate_unique_id_function=lambda route: route.name)
    answers = {200: {"content": {"application/json": {"example": _example()}}}, **_REFUSED}

    @router.get(
        f"{CATEGORY.path}/{{id}}/candidates",
        summary="Whom an adviser could propose for a vacancy",
        responses=answers,
    )
    async def list_vacancy_candidates(
        id: Annotated[RecordId, PathParameter(description="The id of the vacancy.")],  # noqa: A002 -- as in every path
        caller: Annotated[Caller, requires("employment:read")],
        store: CurrentStore,
        settings: Annotated[CandidateSettings, OWN],
        asked: Annotated[AskedCandidates, Query()],
        request: Request,
        response: Response,
    ) -> Candidates:
        """People on a path, without a job, who look for work near the vacancy's occupation and have not applied for it.

        Points are 50 for the occupation, 25 for a skill that is shown, 15 for being available, 10 for the hours; each
        reason tells its own. Sex, age, priority groups, residence and obstacles have none; of several with as many
        points the order is drawn by lot for each vacancy. It only proposes: a person decides whom to speak with.

        For the roles mission_locale and france_travail.
        """
        if caller.actor.roles.isdisjoint(ADVISERS):
            raise Forbidden(ROLE_MISSING, {"decision": "list-vacancy-candidates", "roles": ADVISERS})
        after = asked.after()
        post = await _post(store, id)
        people, complete = await _looking(store, post)
        taken = await _applied(store, id)
        there = {path: person for path, person in people.items() if person.seeker not in taken}
        counted = (told for path, person in there.items() if (told := seeking(path, person)))
        found = ranked(counted, post, today(), settings.priority_groups_first)
        rest = [each for each in found if after is None or each.place > after]
        page = rest[: asked.limit]
        if len(rest) > len(page):
            query = urlencode({"limit": asked.limit, "cursor": cursor_of("/".join(map(str, page[-1].place)))})
            address = f"{request.scope['root_path']}{CATEGORY.path}/{id}/candidates"
            response.headers["Link"] = f'<{address}?{query}>; rel="next"'
        return Candidates(
            items=[_shown(each, there[each.path].seeker, there[each.path].agency) for each in page],
            priority_first=[*settings.priority_groups_first],
            count=len(found),
            complete=complete,
        )

    return router


async def _post(store: Store, vacancy: str) -> Post:
    """What a vacancy asks. Raises StreamNotFound, Rejected where it is not open."""
    found = await current(store, vacancies, vacancy)
    if found is None:
        raise StreamNotFound(vacancies.category, vacancy)
    state = found.state
    if state.status != "open":
        raise VACANCY_NOT_OPEN(status=state.status)
    assert state.rome is not None, "an open vacancy says its occupation"
    assert state.weekly_hours is not None, "and its hours"
    return Post(vacancy, state.rome, state.weekly_hours)


async def _looking(store: Store, post: Post) -> tuple[dict[str, Path], bool]:
    """The paths that look for work near an occupation, by their ids, and whether these are all."""
    labels = paths.labelling.having_all({"status": PROPOSED, "romes": near(post.rome)})
    found: dict[str, Path] = {}
    async for page in pages(store, paths, Wanted(paths.category, labels=labels, sort="available_from", limit=AT_ONCE)):
        for each in page:
            if len(found) == MOST_PATHS:
                return found, False
            found[each.identity] = each.state
    return found, True


async def _applied(store: Store, vacancy: str) -> set[str]:
    """Who has an application for a vacancy, whatever became of it, unless it was given up or has become obsolete."""
    labels = applications.labelling.having_all({"vacancy": vacancy})
    found: set[str] = set()
    async for page in pages(store, applications, Wanted(applications.category, labels=labels, limit=AT_ONCE)):
        found |= {each.state.seeker for each in page if each.state.status not in ("cancelled", "obsolete")}
    return found


def _shown(candidate: Candidate, seeker: str, agency: Agency) -> ProposedCandidate:
    return ProposedCandidate(
        path=candidate.path,
        seeker=seeker,
        agency=agency,
        rank=candidate.rank,
        rank_by_points=candidate.rank_by_points,
        points=candidate.points,
        first_as=[*candidate.first_as],
        reasons=[_reason(reason) for reason in candidate.reasons],
    )


def _reason(reason: Reason) -> CandidateReason:
    sentence = CandidateSentence(en=reason.told("en"), fr=reason.told("fr"))
    return CandidateReason(
        code=reason.code, points=reason.points, value=reason.value, rome=reason.rome, sentence=sentence
    )


def _example() -> dict[str, Any]:
    """An answer of two candidates: ranked, so that points and sentences are what they would be."""
    path, seeker, other, another = (f"0190a3c4-5e6f-7a8b-9c0d-{number:012x}" for number in range(1, 5))
    day = date(2024, 5, 13)
    skill = Skill(
        skill=1, romes=("H2913",), source="certification", certification="RNCP37250", acquired_on=day, enrolment=None
    )
    people = (
        Seeking(path, ("H2913",), (skill,), day + timedelta(days=12), 35, frozenset()),
        Seeking(other, ("H2902",), (), day, 28, frozenset()),
    )
    found = ranked(people, Post(path, "H2913", 35), day)
    shown = [_shown(each, seeker if each.path == path else another, "mission_locale") for each in found]
    return Candidates(items=shown, priority_first=[], count=len(shown), complete=True).model_dump(mode="json")
