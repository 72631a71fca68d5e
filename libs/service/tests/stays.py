"""What inns have ready for the guests of a ferry; rooms are let at quays that are open, as a mirror shows."""

from typing import Literal

from ferries import CATEGORY, FerryLeft, QuayClosed, QuayOpened

from contracts.model import Event
from eventstore.decider import PLATFORM, Command, Decider, Lookup, State, tell
from eventstore.mirrors import Mirror
from eventstore.refusal import Refusal


class KnownQuay(State):
    """A quay, as far as inns need it."""

    status: Literal["open", "closed"]
    events: int
    """How many it is folded from, so that one that is folded twice shows."""


quays = Mirror("known-quay", KnownQuay, of=CATEGORY)


@quays.evolves
def _(quay: KnownQuay | None, event: QuayOpened | FerryLeft | QuayClosed) -> KnownQuay:
    status: Literal["open", "closed"] = "closed" if isinstance(event, QuayClosed) else "open"
    return KnownQuay(status=status, events=quay.events + 1 if quay else 1, effective_on=event.effective_on)


class MealCooked(Event, version=1):
    crossing: int


class RoomLet(Event, version=1):
    quay: str


class Cook(Command):
    """A meal is cooked."""

    crossing: int


class Let(Command):
    """A room is let at a quay."""

    quay: str


class Stay(State):
    """A meal or a room."""

    status: Literal["cooked", "let"]


QUAY_UNKNOWN = Refusal("quay-unknown", "there is no quay {quay}", "il n'y a pas de quai {quay}", quay=str)
QUAY_IS_CLOSED = Refusal("quay-is-closed", "the quay is closed", "le quai est fermé")

stays = Decider("stay", Stay, final=("cooked", "let"))


@stays.creates(by=("town_hall", PLATFORM), to="cooked")
def cook(command: Cook) -> MealCooked:
    return tell(MealCooked, command)


@stays.creates(by=PLATFORM, to="let", looks_up=Lookup(quays, "quay"))
def let(command: Let, quay: KnownQuay | None) -> RoomLet:
    if quay is None:
        raise QUAY_UNKNOWN(quay=command.quay)
    if quay.status == "closed":
        raise QUAY_IS_CLOSED()
    return tell(RoomLet, command)
