"""`GET /v1/rehabilitations/{id}/forecast`: how far a rehabilitation is, what it will cost in the end, and when that is.

Money is forecast as commitments are accounted for: the cost in the end is what is committed, and what is still to be
committed (the estimate at completion is what is there, and the estimate to complete). For each line of the budget the
latter is what its estimate, or else its budget, leaves; a line that is committed beyond its estimate costs what is
committed.

The end is the day on which the building is to be in service. It is forecast as it is planned now, unless milestones say
that it is later: an open milestone that is planned later than at first, or late today, moves the end that was planned
at first by as many days. Of several the largest delay counts, since they run beside each other.
"""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from contracts.model import Day
from contracts.training.rehabilitation import BuildingFunder, Purpose, RehabilitationStatus
from contracts.values import Euros, Ordinal, RecordId
from eventstore.execution import StreamNotFound, current
from service import clock
from service.http.auth import Caller
from service.http.routes import CurrentStore, requires
from training.building import Milestone
from training.rehabilitation import Rehabilitation, rehabilitations


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class LineForecast(_Answer):
    """A line of the budget, and what it will have cost in the end."""

    line: Ordinal
    purpose: Purpose
    funder: BuildingFunder
    budget: Euros
    committed: Euros
    paid: Euros
    accepted: Euros
    """Works done, as their statements were accepted."""
    to_commit: Euros
    """What is still to be committed: what its estimate, or else its budget, leaves."""
    forecast: Euros
    """What it will have cost: committed and to_commit."""
    overrun: Annotated[int, Field(examples=[50_000])]
    """forecast less budget: above 0 where there will be too little, below 0 where some will be left."""


class RehabilitationForecast(_Answer):
    """How far a rehabilitation is, and what is to be expected of it."""

    id: RecordId
    status: RehabilitationStatus
    on: Day
    """Today, on which it is forecast."""
    lines: list[LineForecast]
    budget: Euros
    """Of all lines, as the six that follow it, in euros before tax."""
    committed: Euros
    paid: Euros
    accepted: Euros
    to_commit: Euros
    forecast: Euros
    overrun: Annotated[int, Field(examples=[50_000])]
    works_budget: Euros
    """Of the lines for works."""
    progress: Annotated[float, Field(ge=0, le=1, examples=[0.3724])] | None
    """accepted divided by works_budget, rounded to four decimals, half up: 0.25 is a quarter of the works. None while
    there is no budget for works."""
    end_first_planned: Day | None
    """The day on which the building was to be in service, as it was planned for the first time."""
    end_planned: Day | None
    """As it is planned now; once it is in service, the day on which that began."""
    milestones_late: Annotated[int, Field(ge=0, examples=[1])]
    """How many milestones are late today."""
    largest_delay: Annotated[int, Field(ge=0, examples=[30])]
    """Days by which the most delayed of the milestones that are still to be reached is later than it was planned at
    first: by its present plan, or by today where that is over."""
    end_forecast: Day | None
    """The later of end_planned, and end_first_planned and largest_delay; of a building in service end_planned."""
    slippage: Annotated[int, Field(examples=[30])] | None
    """Days from end_first_planned to end_forecast; below 0 where it ends earlier. None without a plan, and of what was
    abandoned."""


def completing() -> APIRouter:
    """The route of forecasts."""
    router = APIRouter(tags=["rehabilitations"], generate_unique_id_function=lambda route: route.name)

    @router.get("/v1/rehabilitations/{id}/forecast", summary="What is to be expected of a rehabilitation")
    async def read_rehabilitation_forecast(
        id: Annotated[RecordId, Path(description="The rehabilitation's id.")],  # noqa: A002  as every record has it
        _caller: Annotated[Caller, requires("training:read")],
        store: CurrentStore,
    ) -> RehabilitationForecast:
        """Budget, commitments, payments and accepted works by line, with what each line will have cost in the end, how
        far the works are, and when the building will be in service.

        Of totals and lines alone, which everybody may read; it names no contract and no supplier.
        """
        found = await current(store, rehabilitations, id)
        if found is None:
            raise StreamNotFound(rehabilitations.category, id)
        return forecast_of(id, found.state, clock.today())

    return router


def forecast_of(identity: str, rehabilitation: Rehabilitation, today: date) -> RehabilitationForecast:
    """What is to be expected of a rehabilitation, as far as is known on a day."""
    lines = [
        LineForecast(
            line=number,
            purpose=each.purpose,
            funder=each.funder,
            budget=each.budget,
            committed=each.committed,
            paid=each.paid,
            accepted=each.accepted,
            to_commit=each.forecast - each.committed,
            forecast=each.forecast,
            overrun=each.forecast - each.budget,
        )
        for number, each in enumerate(rehabilitation.lines, 1)
    ]
    goes_on = rehabilitation.status != "abandoned"
    awaited = [each for each in rehabilitation.milestones if each.over_on is None and goes_on]
    largest = max((_delay(each, today) for each in awaited), default=0)
    end = rehabilitation.phases[-1]
    planned = end.begun_on or end.planned_on
    expected = planned if goes_on else None
    if expected and end.first_planned_on and end.begun_on is None:
        expected = max(expected, end.first_planned_on + timedelta(days=largest))
    return RehabilitationForecast(
        id=identity,
        status=rehabilitation.status,
        on=today,
        lines=lines,
        budget=rehabilitation.budget,
        committed=rehabilitation.committed,
        paid=rehabilitation.paid,
        accepted=rehabilitation.accepted,
        to_commit=rehabilitation.forecast - rehabilitation.committed,
        forecast=rehabilitation.forecast,
        overrun=rehabilitation.forecast - rehabilitation.budget,
        works_budget=rehabilitation.works_budget,
        progress=_share(rehabilitation.accepted, rehabilitation.works_budget),
        end_first_planned=end.first_planned_on,
        end_planned=planned,
        milestones_late=sum(each.late_from <= today for each in awaited),
        largest_delay=largest,
        end_forecast=expected,
        slippage=(expected - end.first_planned_on).days if expected and end.first_planned_on else None,
    )


def _delay(milestone: Milestone, today: date) -> int:
    return max((max(milestone.planned_on, today) - milestone.first_planned_on).days, 0)


def _share(accepted: int, budget: int) -> float | None:
    if not budget:
        return None
    return float((Decimal(accepted) / budget).quantize(Decimal("0.0001"), ROUND_HALF_UP))
