"""`GET /v1/gaps`: which occupations lack people in training, for those who plan it.

`training.lacking` says what lacks, and in which order. Here needs and sessions are read: at most `MOST_READ` of either,
those needed and those that end first. Of an occupation there may be one company that needs people, and what it needs
tells its plans: so gaps are for those who read every need, and for nobody else.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts import codes
from contracts.values import NeedHorizon, QualificationLevel, Rome
from eventstore.decider import Decider, S
from eventstore.execution import pages
from eventstore.postgres.listing import Wanted
from eventstore.postgres.store import Store
from eventstore.refusal import ROLE_MISSING, Forbidden
from service.clock import today
from service.http.auth import Caller
from service.http.reading import Reads
from service.http.routes import CurrentStore, requires
from service.reference import ReferenceLabel
from training.lacking import UNDER_WAY, Gap, Group, GroupKind, Sum, gaps
from training.session import sessions
from training.skill_need import COUNTING, skill_needs

PATH: Final = "/v1/gaps"
MOST_READ: Final = 5_000
AT_ONCE: Final = 200
"""How many of them are read at a time."""


class AskedGaps(BaseModel):
    """Which gaps."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    rome: Rome | None = None
    """Only this occupation, and those that were part of it as an older code."""
    domain: Annotated[str, Field(pattern=r"^[A-N][0-9]{2}$", max_length=3, examples=["H29"])] | None = None
    """Only occupations of this domain, by the first three characters of their codes."""
    level: QualificationLevel | None = None
    """Only what is needed at this level."""
    horizon: NeedHorizon | None = None
    """Only what is needed within so many years from today, by the shortest of 1, 3 and 5 that it is within."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """How many gaps are told at most."""

    def asks_for(self, gap: Gap) -> bool:
        """Whether it is one of these."""
        return (
            (self.rome is None or self.rome in (gap.rome, codes.rome_parents().get(gap.rome)))
            and (self.domain is None or gap.rome.startswith(self.domain))
            and self.level in (None, gap.level)
            and self.horizon in (None, gap.horizon)
        )


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class GapTotal(_Answer):
    """What needs lack, and which seats there are."""

    needs: Annotated[int, Field(ge=0, examples=[2])]
    """How many needs that is."""
    persons: Annotated[int, Field(ge=0, examples=[7])]
    """Whom they lack."""
    seats: Annotated[int, Field(ge=0, examples=[4])]
    """Seats of sessions that are planned, open, confirmed or running, and end by then: taken or not."""
    free: Annotated[int, Field(ge=0, examples=[1])]
    """Those of them that nobody has."""
    uncovered: Annotated[int, Field(ge=0, examples=[3])]
    """How many persons there is no seat for: `persons` less `seats`, and not below 0."""


class GapOfGroup(GapTotal):
    """What several occupations lack together, at the same level and by the same horizon."""

    kind: GroupKind
    """`family`: the older ROME code that they were part of; `domain`: the first three characters of their codes."""
    code: Annotated[str, Field(max_length=5, examples=["H2902"])]
    label: ReferenceLabel | None
    """None of a domain, which the list does not name."""


class GapFound(GapTotal):
    """What an occupation lacks at a level, by a horizon."""

    rome: Rome
    label: ReferenceLabel
    """The list of occupations is published in French only."""
    level: QualificationLevel | None
    """None of needs for any level, which seats of every level answer."""
    horizon: NeedHorizon
    """Within how many years from today: what is needed sooner is counted, too."""
    groups: list[GapOfGroup]
    """Its family and its domain."""


class Gaps(_Answer):
    """What occupations lack, those that lack most first."""

    items: list[GapFound]
    complete: bool
    """Whether these are all: otherwise there are more than `limit`, or more needs or sessions than are read."""


def gapping(reads: Reads) -> APIRouter:
    """The route of gaps, for the roles that read all needs."""
    router = APIRouter(tags=["gaps"], generate_unique_id_function=lambda route: route.name)
    readers = reads.all or ()

    @router.get(PATH, summary="Occupations that lack people in training")
    async def list_gaps(
        caller: Annotated[Caller, requires("training:read")],
        store: CurrentStore,
        asked: Annotated[AskedGaps, Query()],
    ) -> Gaps:
        """Needs that are qualified and not covered, against the seats of sessions, by occupation, level and horizon.

        Each row counts what is needed by its horizon, and what ends by then; a seat counts for each row that it could
        answer, so rows do not add up: family and domain say what several occupations lack together. For the roles
        network, town_hall, epci, steering, afpa, mission_locale, france_travail and ops, as a need may be the only one
        of its occupation and then tells a company's plans.
        """
        if caller.actor.roles.isdisjoint(readers):
            raise Forbidden(ROLE_MISSING, {"decision": "list-gaps", "roles": readers})
        needs, all_needs = await _read(store, skill_needs, COUNTING, "needed_by")
        held, all_held = await _read(store, sessions, UNDER_WAY, "ends_on")
        found = [each for each in gaps(needs, held, today()) if asked.asks_for(each)]
        return Gaps(
            items=[_shown(each) for each in found[: asked.limit]],
            complete=all_needs and all_held and len(found) <= asked.limit,
        )

    return router


async def _read(store: Store, decider: Decider[S], statuses: Sequence[str], sort: str) -> tuple[list[S], bool]:
    """The streams in these statuses, and whether these are all."""
    wanted = Wanted(
        decider.category,
        labels=decider.labelling.having_all({"status": tuple(statuses)}),
        sort=sort,
        limit=AT_ONCE,
    )
    found: list[S] = []
    async for page in pages(store, decider, wanted):
        found += [each.state for each in page]
        if len(found) >= MOST_READ:
            return found[:MOST_READ], False
    return found, True


def _told(total: Sum) -> dict[str, int]:
    return {**total._asdict(), "uncovered": total.uncovered}


def _group(group: Group) -> GapOfGroup:
    label = codes.rome_families().get(group.code)
    return GapOfGroup(
        kind=group.kind,
        code=group.code,
        label=ReferenceLabel(fr=label, en=None) if label else None,
        **_told(group.total),
    )


def _shown(gap: Gap) -> GapFound:
    return GapFound(
        rome=gap.rome,
        label=ReferenceLabel(fr=codes.rome().get(gap.rome, gap.rome), en=None),
        level=gap.level,
        horizon=gap.horizon,
        groups=[_group(each) for each in gap.groups],
        **_told(gap.total),
    )
