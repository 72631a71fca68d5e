"""What happens to a licence to operate equipment [habilitation], the stream `licence-<id>`.

Its id is its number. It names no one: the network knows whom it was issued to, the platform does not.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import Commune, EquipmentCode, Naf, Siret, Zone

CATEGORY: Final = Category("licence", service="companies", path="/v1/licences")

LicenceStatus = Literal["valid", "expired", "withdrawn"]
WithdrawalReason = Literal["left_company", "unsafe_use", "issued_in_error", "other"]


class _Licence(Event):
    equipment: EquipmentCode
    company: Siret
    """The company that the trained operator works for."""
    naf: Naf
    """Activity, commune and zone of the company are as when it was issued."""
    commune: Commune
    zone: Zone | None


class LicenceIssued(_Licence, version=1):
    """Somebody of a company was trained, and may operate a piece of equipment."""

    valid_until: Day
    """The last day on which it is valid."""
    expires_on: Day
    """The day on which it expires: the one after, or after the day on which it was entered, if that is later."""


class LicenceRenewed(_Licence, version=1):
    """It is valid longer, or again."""

    valid_until_before: Day
    valid_until: Day
    expires_on: Day


class LicenceExpired(_Licence, version=1):
    """Its last day has passed."""

    valid_until: Day


class LicenceWithdrawn(_Licence, version=1):
    """It is valid no longer."""

    reason: WithdrawalReason
