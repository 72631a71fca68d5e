"""Whatever is asked of a canteen and its places, and whenever what follows is done, what must hold still holds."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, get_args

from canteen import CODE, GUEST, SLOT, TODAY, book
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from streams import Streams

from contracts.mobility.service_reservation import ReservationCancellation, ReservationOutcome
from contracts.model import PARIS
from contracts.personal import Personal
from eventstore.decider import Command
from mobility.reactions import reactions
from mobility.service_reservation import (
    PENDING,
    Cancel,
    CorrectOutcome,
    RecordMissed,
    Review,
    Serve,
    ServiceReservation,
    service_reservations,
)
from mobility.shared_service import (
    Announce,
    ChangeTerms,
    Close,
    EnteredSlot,
    Open,
    Resume,
    SharedService,
    Suspend,
    shared_services,
)

GUESTS = tuple(f"0190a3c4-5e6f-7a8b-9c0d-00000000001{number}" for number in range(6))
CAP = 1_000
places = st.integers(1, 4)
starts = st.sampled_from(("12:30", "13:00"))


def terms(*slots: tuple[str, int]) -> dict[str, Any]:
    every_day = ("monday", "tuesday", "wednesday", "thursday", "friday")
    entered = [
        EnteredSlot(**SLOT | {"weekdays": every_day, "starts": at, "ends": "13:45", "places": n}) for at, n in slots
    ]
    return {"slots": (*entered,), "price_cents": 900, "subsidy_cap_cents": CAP}


class AnyReservation(Streams):
    """A small canteen and six guests on a few days; what events ask for is done later, stream by stream."""

    reactions = reactions
    begins = TODAY

    @property
    def canteen(self) -> SharedService:
        state = self.of(shared_services)[CODE]
        assert isinstance(state, SharedService)
        return state

    @property
    def reserved(self) -> Mapping[str, ServiceReservation]:
        return self.of(service_reservations)

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(12), PARIS)

    def change(self, command: Command) -> None:
        self.ask(shared_services, CODE, command)

    @initialize(n=places)
    def open(self, n: int) -> None:
        place: dict[str, Any] = {
            "commune": "36088",
            "zone": "zi-limoise",
            "place": "Hall 3",
            "name": "Cantine",
            "kind": "canteen",
        }
        announce = Announce(code=CODE, **place, **terms(("12:30", n), ("13:00", n)))
        assert self.ask(shared_services, CODE, announce) is None
        assert self.ask(shared_services, CODE, Open()) is None

    @precondition(lambda self: len(self.streams) > 6)
    @rule(days=st.sampled_from((1, 1, 2, 20, 40)))
    def time_goes_by(self, days: int) -> None:
        """And nobody looks at what is due."""
        self.today += timedelta(days=days)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), times=st.integers(1, 4))
    def what_follows_is_done(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            if self.waiting:
                self.react(data.draw(st.sampled_from(self.waiting)))

    @rule()
    def what_is_due_next_is_issued(self) -> None:
        self.issue_next()

    @rule(
        guest=st.sampled_from(GUESTS),
        ahead=st.sampled_from((0, 0, 0, 1, -1)),
        at=starts,
        subsidy=st.sampled_from((0, 300, 500, 901)),
        wait=st.booleans(),
        late=st.sampled_from((0, 0, 3)),
    )
    def somebody_asks(self, guest: str, ahead: int, at: str, subsidy: int, wait: bool, late: int) -> None:
        asked = book(
            guest=Personal(GUEST, guest),
            day=self.today + timedelta(days=ahead),
            starts=at,
            subsidy_cents=subsidy,
            wait=wait,
            on=self.today - timedelta(days=late),
        )
        before = [each for each in self.reserved.values() if each.status == "waiting"]
        refused = self.ask(service_reservations, f"0190a3c4-5e6f-7a8b-9c0d-{len(self.streams):012}", asked)
        if refused is None and not wait:
            # Nobody overtakes those who wait.
            capacity = next(slot.places for slot in self.canteen.slots if slot.starts == at)
            ahead_of_it = [each for each in before if (each.day, each.starts) == (asked.day, at)]
            assert len(ahead_of_it) + len(self.taken(asked.day, at)) <= capacity

    @rule(guests=st.lists(st.sampled_from(GUESTS), min_size=3, max_size=6, unique=True), places=places)
    def many_ask(self, guests: list[str], places: int) -> None:
        """All for the next slot, and from some on they wait for it."""
        for number, guest in enumerate(guests):
            self.somebody_asks(guest=guest, ahead=0, at="13:00", subsidy=100, wait=number >= places, late=0)

    @precondition(lambda self: self.reserved)
    @rule(data=st.data(), guest=st.sampled_from(GUESTS))
    def a_place_is_given_up_and_somebody_else_asks_for_it(self, data: st.DataObject, guest: str) -> None:
        """Before anybody is told that it is free."""
        name = data.draw(st.sampled_from(sorted(self.reserved)))
        self.ask(service_reservations, name, Cancel(reason="absent"))
        ahead = (self.reserved[name].day - self.today).days
        self.somebody_asks(guest=guest, ahead=ahead, at=self.reserved[name].starts, subsidy=0, wait=False, late=0)

    @precondition(lambda self: self.reserved)
    @rule(
        data=st.data(),
        command=st.one_of(
            st.sampled_from((Serve(), RecordMissed(), Review())),
            st.builds(Cancel, reason=st.sampled_from(get_args(ReservationCancellation))),
            st.builds(CorrectOutcome, outcome=st.sampled_from(get_args(ReservationOutcome)), reason=st.just("checked")),
        ),
    )
    def anything_of_a_reservation(self, data: st.DataObject, command: Command) -> None:
        name = data.draw(st.sampled_from(sorted(self.reserved)))
        self.ask(service_reservations, name, command, platform=isinstance(command, Review))

    @precondition(lambda self: self.reserved)
    @rule(data=st.data())
    def a_slot_takes_place(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.reserved)))
        self.today = max(self.today, self.reserved[name].day + timedelta(days=1))
        self.ask(service_reservations, name, data.draw(st.sampled_from((Serve(), RecordMissed()))))

    @rule(first=places, second=places, both=st.booleans())
    def the_terms_change(self, first: int, second: int, both: bool) -> None:
        self.change(ChangeTerms(**terms(("12:30", first), *([("13:00", second)] if both else []))))

    @rule(command=st.sampled_from((Suspend(reason="works"), Resume(), Resume())))
    def it_is_suspended_or_resumed(self, command: Command) -> None:
        self.change(command)

    @precondition(lambda self: len(self.streams) > 8)
    @rule()
    def it_is_closed(self) -> None:
        self.change(Close(reason="provider_left"))

    def taken(self, day: date, at: str) -> list[ServiceReservation]:
        had = ("booked", "served", "no_show")
        return [each for each in self.reserved.values() if (each.day, each.starts) == (day, at) and each.status in had]

    @invariant()
    def no_slot_has_more_guests_than_places(self) -> None:
        for each in self.reserved.values():
            taken = self.taken(each.day, each.starts)
            assert len(taken) <= max((one.places for one in taken), default=0)

    @invariant()
    def nobody_is_twice_in_a_slot(self) -> None:
        there = Counter(
            (each.day, each.starts, each.guest)
            for each in self.reserved.values()
            if each.status not in ("cancelled", "expired")
        )
        assert max(there.values(), default=1) == 1

    @invariant()
    def what_employers_give_in_a_month_never_exceeds_the_cap(self) -> None:
        given: Counter[tuple[str, int, int]] = Counter()
        for each in self.reserved.values():
            if each.status in (*PENDING, "served"):
                given[each.guest, each.day.year, each.day.month] += each.subsidy_cents
        assert max(given.values(), default=0) <= CAP

    @invariant()
    def whoever_has_waited_longer_is_first(self) -> None:
        for name, each in self.reserved.items():
            if each.status == "waiting" and each.queued_at:
                for other, moved in self.reserved.items():
                    if (moved.day, moved.starts, moved.status) == (each.day, each.starts, "booked") and moved.queued_at:
                        assert (moved.queued_at, other) < (each.queued_at, name)

    @invariant()
    def whatever_is_pending_is_looked_at(self) -> None:
        for each in self.reserved.values():
            assert bool(service_reservations.due_of(each)) == (each.status in PENDING)

    def teardown(self) -> None:
        """Once all that follows is done, nobody waits where there is a place, or for what is not there."""
        while self.waiting:
            self.react(self.waiting[0])
        for each in self.reserved.values():
            if each.begins <= self.now or each.status not in PENDING:
                continue
            slot = self.canteen.slot(each.day, each.starts)
            assert self.canteen.status == "open"
            assert slot is not None
            if each.status == "waiting":
                assert len(self.taken(each.day, each.starts)) >= slot.places


AnyReservation.TestCase.settings = settings(max_examples=100, stateful_step_count=50)
TestAnyReservation = AnyReservation.TestCase
