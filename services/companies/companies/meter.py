"""Meters [compteurs] of water, electricity and gas, whose readings say what a company consumes (axis 1).

A member company says which meters it has, reads them each month, and says when one is replaced or taken out of service.
The manager of the zone (`epci`) validates readings, corrects them and discards those that are of no such meter.

A reading is of the end of a day. It is told in any order: one that comes late parts the period that it falls into.
What the rules ask for are the readings around it, so a meter keeps the last five years of them, read by the month; what
is older is in its history, and stays.
"""

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import Field, JsonValue

from companies.bounds import Plausible
from companies.company import Company, active_member, companies
from companies.days import check_corrected
from contracts.companies.meter import (
    CATEGORY,
    ConsumptionPeriod,
    MeterInstalled,
    MeterKind,
    MeterRemoved,
    MeterReplaced,
    MeterStatus,
    ReadingCorrected,
    ReadingDiscarded,
    ReadingMistake,
    ReadingRecorded,
    ReadingStatus,
    ReadingValidated,
    RemovalReason,
    ReplacementReason,
)
from contracts.model import FIRST_DAY, Day, EnteredDay, Event, Model
from contracts.values import Commune, Consumption, EnteredCommune, EnteredZone, MeterIndex, Naf, Reference, Siret, Zone
from eventstore.decider import Claim, Command, Context, Decider, Lookup, State, tell
from eventstore.finding import Finding
from eventstore.refusal import Refusal

MOST_KEPT: Final = 60
"""Readings that a meter keeps: five years of them, read by the month. So its state stays small however long it runs."""

_INSTALLED: Final[dict[str, JsonValue]] = {
    "company": "00000001800010",
    "kind": "water",
    "reference": "C15FA-204417",
    "commune": "36088",
    "zone": "zi-limoise",
    "index": 18_250,
    "on": "2024-03-31",
}


class Install(Command, json_schema_extra={"examples": [_INSTALLED]}):
    """A member company has a meter, or wants its consumption counted from the day `on`."""

    company: Siret
    kind: MeterKind
    reference: Reference
    """What the company knows it by: the number on it, or that of its delivery point [PDL, PCE]."""
    commune: EnteredCommune
    """Where it stands."""
    zone: EnteredZone | None = None
    """The business zone it stands in, if any."""
    index: MeterIndex
    """What it shows on that day."""


class RecordReading(Command, json_schema_extra={"examples": [{"index": 18_670, "on": "2024-04-30"}]}):
    """The company has read the meter at the end of the day `on`, which may be before other readings, or before it was
    replaced or removed."""

    index: MeterIndex


class Replace(Command):
    """Another meter takes its place, or it has passed its highest index and begins anew. Nothing was read later."""

    index: Annotated[MeterIndex, Field(examples=[18_890])]
    """The last one of the old meter."""
    restarts_at: Annotated[MeterIndex, Field(examples=[0])]
    """What the new one begins with."""
    reference: Annotated[Reference, Field(examples=["D24FA-118203"])] | None = None
    """The new meter's, where it has another."""
    reason: ReplacementReason


class Remove(Command):
    """It is out of service for good. Nothing was read later."""

    index: Annotated[MeterIndex, Field(examples=[18_890])]
    """The last one."""
    reason: RemovalReason


class ValidateReading(Command):
    """The manager of the zone has found a reading to be right."""

    reading: Annotated[EnteredDay, Field(examples=["2024-04-30"])]
    """Which reading, by its day."""


class CorrectReading(
    Command,
    json_schema_extra={"examples": [{"reading": "2024-04-30", "index": 18_760, "reason": "typing_error"}]},
):
    """The manager of the zone puts a reading right, the first included. What is not given stays as it is."""

    reading: EnteredDay
    """Which reading, by its day."""
    index: MeterIndex | None = None
    restarts_at: MeterIndex | None = None
    """What the new meter began with, where the reading is the last of one that was replaced."""
    read_on: EnteredDay | None = None
    """Its day. That of an installation, a replacement or a removal stays."""
    reason: ReadingMistake


class DiscardReading(Command):
    """The manager of the zone takes out a reading that is none of this meter."""

    reading: Annotated[EnteredDay, Field(examples=["2024-04-30"])]
    """Which reading, by its day."""
    reason: ReadingMistake


class Reading(Model):
    """What a meter showed at the end of a day."""

    read_on: Day
    index: MeterIndex
    restarts_at: MeterIndex | None = None
    """What the new meter began with, where it was replaced on that day."""
    consumption: Consumption = 0
    """Of the period that it ends. The first has none."""
    status: ReadingStatus = "recorded"

    @property
    def goes_on_at(self) -> int:
        """The index from which the next reading rises."""
        return self.index if self.restarts_at is None else self.restarts_at


class Meter(State):
    """A meter of a company, and its latest readings in the order of their days."""

    company: Siret
    naf: Naf
    """The activity of the company when the meter was installed."""
    commune: Commune
    zone: Zone | None
    kind: MeterKind
    reference: Reference
    status: MeterStatus
    index: MeterIndex
    """What it shows, as far as is known."""
    read_on: Day
    """The day of its latest reading."""
    to_validate: bool = False
    """Whether any reading waits for the manager of the zone."""
    readings: tuple[Reading, ...]
    installed_on: Day
    replaced_on: Day | None = None
    removed_on: Day | None = None
    reason: ReplacementReason | RemovalReason | None = None
    """Of its replacement, or its removal."""

    @property
    def periods(self) -> tuple[ConsumptionPeriod, ...]:
        """What was consumed between the readings that it keeps."""
        return tuple(
            ConsumptionPeriod(
                first=before.read_on + timedelta(days=before.read_on > self.installed_on),
                last=after.read_on,
                consumption=after.index - before.goes_on_at,
            )
            for before, after in pairwise(self.readings)
        )

    @property
    def step_days(self) -> tuple[Day | None, ...]:
        """The days whose readings belong to a step."""
        replaced = [each.read_on for each in self.readings if each.restarts_at is not None]
        return self.installed_on, *replaced, self.removed_on

    def find(self, day: Day) -> Reading | None:
        """The reading of a day, if it keeps one."""
        return next((each for each in self.readings if each.read_on == day), None)

    def having(self, *readings: Reading, without: Reading | None = None) -> Self:
        """This meter with these readings too, or instead of those of their days."""
        kept = {each.read_on: each for each in self.readings if each != without}
        kept |= {each.read_on: each for each in readings}
        return self.model_copy(update={"readings": tuple(kept[day] for day in sorted(kept))})

    def ended(self, day: Day, index: int, restarts_at: int | None = None) -> Self:
        """This meter with a last reading, which that of the same day may be already."""
        reading = self.find(day) or Reading(read_on=day, index=index)
        return self.having(reading if restarts_at is None else reading.model_copy(update={"restarts_at": restarts_at}))


METER_TWICE = Refusal(
    "meter-twice",
    "the company has another meter of this kind and reference in service",
    "l'entreprise a déjà en service un compteur de cette nature et de cette référence",
    at="reference",
)
BEFORE_INSTALLATION = Refusal(
    "before-installation",
    "{on} is before the meter was installed, on {installed}",
    "le {on} précède l'installation du compteur, du {installed}",
    at="on",
    on=Day,
    installed=Day,
)
AFTER_REMOVAL = Refusal(
    "after-removal",
    "{on} is after the meter was removed, on {removed}",
    "le {on} suit la dépose du compteur, du {removed}",
    at="on",
    on=Day,
    removed=Day,
)
READINGS_SETTLED = Refusal(
    "readings-settled",
    "readings up to {until} are settled: they stay as they are",
    "les relevés jusqu'au {until} sont arrêtés : ils restent tels quels",
    at=("reading", "on"),
    until=Day,
)
READING_EXISTS = Refusal(
    "reading-exists",
    "on {on} it was read at {index} already; a wrong reading is corrected",
    "le {on}, l'index relevé est déjà {index} ; un relevé erroné se rectifie",
    at="on",
    on=Day,
    index=MeterIndex,
)
READING_UNKNOWN = Refusal(
    "reading-unknown",
    "no reading of {reading} is kept",
    "aucun relevé du {reading} n'est conservé",
    at="reading",
    reading=Day,
)
VALIDATED_BEFORE_READING = Refusal(
    "validated-before-reading",
    "{on} is before {reading}, the day of the reading",
    "le {on} précède le {reading}, date du relevé",
    at="on",
    on=Day,
    reading=Day,
)
READ_LATER = Refusal(
    "read-later",
    "it was read later, on {last}; what is replaced or removed is not read afterwards",
    "un relevé est plus récent, du {last} ; après un remplacement ou une dépose, l'ancien compteur ne se relève plus",
    at="on",
    last=Day,
)
INDEX_FALLS = Refusal(
    "index-falls",
    "{index} on {on} is below {before}, from {previous}: an index rises unless the meter was replaced",
    "{index} le {on} est inférieur à {before}, du {previous} : un index croît, sauf si le compteur a été remplacé",
    at=("index", "restarts_at"),
    index=MeterIndex,
    on=Day,
    before=MeterIndex,
    previous=Day,
)
PERIOD_TOO_LONG = Refusal(
    "period-too-long",
    "from {first} to {last} there are more than {most} days; a meter that was not read for so long is installed anew",
    "du {first} au {last} il y a plus de {most} jours ; un compteur si longtemps sans relevé s'installe à nouveau",
    at=("read_on", "reading", "on"),
    first=Day,
    last=Day,
    most=int,
)
CONSUMPTION_BEYOND_REASON = Refusal(
    "consumption-beyond-reason",
    "{consumption} from {first} to {last} is above {most}, the most that is taken for right",
    "{consumption} du {first} au {last} dépasse {most}, le maximum vraisemblable",
    at=("index", "restarts_at", "read_on"),
    consumption=Consumption,
    first=Day,
    last=Day,
    most=int,
)
DAY_OF_A_STEP = Refusal(
    "day-of-a-step",
    "on {reading} the meter was installed, replaced or removed: that reading keeps its day",
    "le {reading}, le compteur a été installé, remplacé ou déposé : ce relevé garde sa date",
    at=("read_on", "reading"),
    reading=Day,
)
NOT_REPLACED = Refusal(
    "not-replaced",
    "on {reading} the meter was not replaced, and goes on from its index",
    "le {reading}, le compteur n'a pas été remplacé et continue à partir de son index",
    at="restarts_at",
    reading=Day,
)
READING_OUT_OF_ORDER = Refusal(
    "reading-out-of-order",
    "between the readings around it there are the days from {earliest} to {latest}, and {read_on} is none of them",
    "entre les relevés voisins il y a les jours du {earliest} au {latest}, dont le {read_on} n'est pas",
    at="read_on",
    read_on=Day,
    earliest=Day,
    latest=Day,
)


def _awaits_validation(meter: Meter) -> bool:
    return meter.to_validate


meters = Decider(
    CATEGORY.name,
    Meter,
    final="removed",
    finding=Finding(
        found_by=("status", "kind", "company", "naf", "commune", "zone", "to_validate"),
        sorted_by=("read_on", "installed_on", "reference"),
        searched_by=("reference",),
    ),
)


@meters.creates(by="company", to="in_service", looks_up=Lookup(companies, "company"))
def install(command: Install, company: Company | None) -> MeterInstalled:
    return tell(MeterInstalled, command, active_member(company, command.company))


@meters.decides(by="company")
def record_reading(meter: Meter, command: RecordReading, context: Context) -> ReadingRecorded | tuple[()]:
    if there := meter.find(command.on):
        if there.goes_on_at == command.index:
            return ()
        raise READING_EXISTS(on=command.on, index=there.goes_on_at)
    if command.on < meter.installed_on:
        raise BEFORE_INSTALLATION(on=command.on, installed=meter.installed_on)
    if meter.removed_on and command.on > meter.removed_on:
        raise AFTER_REMOVAL(on=command.on, removed=meter.removed_on)
    if command.on < meter.readings[0].read_on:
        raise READINGS_SETTLED(until=meter.readings[0].read_on)
    changed = meter.having(Reading(read_on=command.on, index=command.index))
    return tell(ReadingRecorded, command, meter, **_changes(meter, changed, context))


@meters.decides(by="company", when="in_service")
def replace(meter: Meter, command: Replace, context: Context) -> MeterReplaced:
    changed = _ended(meter, command, command.restarts_at)
    reference = command.reference or meter.reference
    return tell(MeterReplaced, command, meter, reference=reference, **_changes(meter, changed, context))


@meters.decides(by="company", when="in_service", to="removed")
def remove(meter: Meter, command: Remove, context: Context) -> MeterRemoved:
    return tell(MeterRemoved, command, meter, **_changes(meter, _ended(meter, command), context))


@meters.decides(by="epci", offered=_awaits_validation)
def validate_reading(meter: Meter, command: ValidateReading) -> ReadingValidated | tuple[()]:
    reading = _kept(meter, command.reading)
    if reading.status != "recorded":
        return ()
    if command.on < reading.read_on:
        raise VALIDATED_BEFORE_READING(on=command.on, reading=reading.read_on)
    return tell(ReadingValidated, command, meter, read_on=reading.read_on, index=reading.index)


@meters.decides(by="epci")
def correct_reading(meter: Meter, command: CorrectReading, context: Context) -> ReadingCorrected | tuple[()]:
    reading = _changeable(meter, command)
    if command.restarts_at is not None and reading.restarts_at is None:
        raise NOT_REPLACED(reading=reading.read_on)
    terms = command.model_dump(include={"index", "restarts_at", "read_on"}, exclude_none=True)
    corrected = reading.model_copy(update=terms)
    if corrected == reading:
        return ()
    if corrected.read_on != reading.read_on:
        _check_day(meter, reading, corrected.read_on, command.on)
    return tell(
        ReadingCorrected,
        command,
        meter,
        read_before=reading.read_on,
        read_on=corrected.read_on,
        index_before=reading.index,
        index=corrected.index,
        restarts_before=reading.restarts_at,
        restarts_at=corrected.restarts_at,
        **_changes(meter, meter.having(corrected, without=reading), context),
    )


@meters.decides(by="epci")
def discard_reading(meter: Meter, command: DiscardReading, context: Context) -> ReadingDiscarded:
    reading = _changeable(meter, command)
    if reading.read_on in meter.step_days:
        raise DAY_OF_A_STEP(reading=reading.read_on)
    changes = _changes(meter, meter.having(without=reading), context)
    return tell(ReadingDiscarded, command, meter, read_on=reading.read_on, index=reading.index, **changes)


def _ended(meter: Meter, command: Replace | Remove, restarts_at: int | None = None) -> Meter:
    """The meter with its last reading: none later, and on its day no other. Raises Rejected."""
    last = meter.readings[-1]
    if command.on < last.read_on:
        raise READ_LATER(last=last.read_on)
    if command.on == last.read_on and command.index != last.goes_on_at:
        raise READING_EXISTS(on=last.read_on, index=last.goes_on_at)
    return meter.ended(command.on, command.index, restarts_at)


def _kept(meter: Meter, day: Day) -> Reading:
    if reading := meter.find(day):
        return reading
    raise READING_UNKNOWN(reading=day)


def _changeable(meter: Meter, command: CorrectReading | DiscardReading) -> Reading:
    """A reading whose periods on both sides are known. Raises Rejected."""
    reading = _kept(meter, command.reading)
    if reading == meter.readings[0] and reading.read_on > meter.installed_on:
        raise READINGS_SETTLED(until=reading.read_on)
    check_corrected(command.on, reading.read_on)
    return reading


def _check_day(meter: Meter, reading: Reading, day: Day, decided: Day) -> None:
    """A reading stays between those around it, and is of no day after it was corrected. Raises Rejected."""
    if reading.read_on in meter.step_days:
        raise DAY_OF_A_STEP(reading=reading.read_on)
    earlier = [each.read_on for each in meter.readings if each.read_on < reading.read_on]
    later = [each.read_on for each in meter.readings if each.read_on > reading.read_on]
    earliest = max(earlier, default=FIRST_DAY) + timedelta(days=1)
    latest = min([decided, *(each - timedelta(days=1) for each in later)])
    if not earliest <= day <= latest:
        raise READING_OUT_OF_ORDER(read_on=day, earliest=earliest, latest=latest)


def _changes(meter: Meter, changed: Meter, context: Context) -> dict[str, tuple[ConsumptionPeriod, ...]]:
    """The periods that are others then, as they were and as they are. Raises Rejected."""
    for before, after in pairwise(changed.readings):
        if after.index < before.goes_on_at:
            raise INDEX_FALLS(index=after.index, on=after.read_on, before=before.goes_on_at, previous=before.read_on)
    plausible = context.of(Plausible)
    were, are = meter.periods, changed.periods
    periods = tuple(period for period in are if period not in were)
    for period in periods:
        days = (period.last - period.first).days + 1
        if days > (longest := plausible.most_days_between_readings):
            raise PERIOD_TOO_LONG(first=period.first, last=period.last, most=longest)
        if period.consumption > (most := days * plausible.a_day(meter.kind)):
            raise CONSUMPTION_BEYOND_REASON(**dict(period), most=most)
    return {"periods_before": tuple(period for period in were if period not in are), "periods": periods}


@meters.claims
def _(meter: Meter) -> Iterable[Claim]:
    if meter.status == "in_service":
        yield Claim(METER_TWICE, f"{meter.company}/{meter.kind}/{meter.reference.upper()}")


@meters.evolves
def _(_meter: Meter | None, event: MeterInstalled) -> Meter:
    return Meter(
        company=event.company,
        naf=event.naf,
        commune=event.commune,
        zone=event.zone,
        kind=event.kind,
        reference=event.reference,
        status="in_service",
        index=event.index,
        read_on=event.effective_on,
        to_validate=True,
        readings=(Reading(read_on=event.effective_on, index=event.index),),
        installed_on=event.effective_on,
        effective_on=event.effective_on,
    )


@meters.evolves
def _(meter: Meter, event: ReadingRecorded) -> Meter:
    return _read(meter, event, meter.having(Reading(read_on=event.effective_on, index=event.index)))


@meters.evolves
def _(meter: Meter, event: ReadingValidated) -> Meter:
    readings = [
        each.model_copy(update={"status": "validated"}) for each in meter.readings if each.read_on == event.read_on
    ]
    return _read(meter, event, meter.having(*readings))


@meters.evolves
def _(meter: Meter, event: ReadingCorrected) -> Meter:
    terms = event.model_dump(include={"index", "restarts_at", "read_on"})
    reading = _kept(meter, event.read_before)
    corrected = reading.model_copy(update={**terms, "status": "corrected"})
    return _read(meter, event, meter.having(corrected, without=reading))


@meters.evolves
def _(meter: Meter, event: ReadingDiscarded) -> Meter:
    return _read(meter, event, meter.having(without=meter.find(event.read_on)))


@meters.evolves
def _(meter: Meter, event: MeterReplaced) -> Meter:
    changed = meter.ended(event.effective_on, event.index, event.restarts_at)
    replaced = {"reference": event.reference, "replaced_on": event.effective_on, "reason": event.reason}
    return _read(meter, event, changed, **replaced)


@meters.evolves
def _(meter: Meter, event: MeterRemoved) -> Meter:
    removed = {"status": "removed", "removed_on": event.effective_on, "reason": event.reason}
    return _read(meter, event, meter.ended(event.effective_on, event.index), **removed)


def _read(meter: Meter, event: Event, changed: Meter, **others: object) -> Meter:
    """The meter after its readings have changed."""
    consumed = {period.last: period.consumption for period in changed.periods}
    readings = [
        each.model_copy(update={"consumption": consumed.get(each.read_on, each.consumption)})
        for each in changed.readings[-MOST_KEPT:]
    ]
    return meter.after(
        event,
        readings=tuple(readings),
        index=readings[-1].goes_on_at,
        read_on=readings[-1].read_on,
        to_validate=any(each.status == "recorded" for each in readings),
        **others,
    )
