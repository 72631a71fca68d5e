"""What happens to a shared service [service partagé], the stream `shared-service-<code>`.

A canteen, a food truck, a room: each has slots on days of the week. Every event tells how many places it offers in a
week from then on, and the one that changes them what was offered before.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Correction, Detail, Event
from contracts.values import Cents, Commune, People, SharedServiceCode, ShortText, SlotPlaces, TimeOfDay, Zone

CATEGORY: Final = Category("shared-service", service="mobility", path="/v1/shared-services")

SharedServiceKind = Literal["canteen", "food_truck", "room", "conviviality"]
"""`conviviality` is a time that people spend together: an afternoon, a breakfast."""
SharedServiceStatus = Literal["announced", "open", "suspended", "closed"]
SharedServiceSuspension = Literal["holidays", "works", "staff", "supply", "other"]
SharedServiceEnd = Literal["little_used", "provider_left", "replaced", "given_up", "entered_by_mistake", "other"]
SharedServiceCorrection = Literal["typing_error", "renamed", "moved", "other"]
ServiceDay = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class ServiceSlot(Detail):
    """A time of the day for which places are reserved, on some days of the week."""

    weekdays: tuple[ServiceDay, ...]
    starts: TimeOfDay
    ends: TimeOfDay
    places: SlotPlaces


class _SharedService(Event):
    shared_service: SharedServiceCode
    kind: SharedServiceKind
    commune: Commune
    zone: Zone | None
    status: SharedServiceStatus
    """What it is from now on."""
    weekly_places: People
    """How many places it offers in a week from now on: none unless it is open."""


class SharedServiceAnnounced(_SharedService, version=1):
    """There will be a service that people share."""

    name: ShortText
    place: ShortText
    slots: tuple[ServiceSlot, ...]
    price_cents: Cents | None
    """Of a meal, or of whatever else is had; None where nothing is paid."""
    subsidy_cap_cents: Cents
    """How much employers may give towards one guest's reservations in a calendar month."""


class SharedServiceOpened(_SharedService, version=1):
    """Places can be reserved."""


class SharedServiceTermsChanged(_SharedService, version=1):
    """It has other slots, another price or another cap from a day on."""

    slots_before: tuple[ServiceSlot, ...]
    slots: tuple[ServiceSlot, ...]
    price_cents_before: Cents | None
    price_cents: Cents | None
    subsidy_cap_cents_before: Cents
    subsidy_cap_cents: Cents


class SharedServiceSuspended(_SharedService, version=1):
    """There is none for a while: what is reserved is cancelled."""

    reason: SharedServiceSuspension


class SharedServiceResumed(_SharedService, version=1):
    """It is there again."""


class SharedServiceClosed(_SharedService, version=1):
    """It is over, or what was announced is given up: what is reserved is cancelled."""

    reason: SharedServiceEnd


class SharedServiceDescriptionCorrected(_SharedService, Correction, version=1):
    """Its name or its place was put right."""

    name_before: ShortText
    name: ShortText
    place_before: ShortText
    place: ShortText
    reason: SharedServiceCorrection
