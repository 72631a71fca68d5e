"""What happens to a company of the network [entreprise du réseau], the stream `company-<siret>`.

Headcounts are levels: each event carries the value after it, which is 0 unless the company is an active member.
"""

from typing import Final, Literal

from contracts.category import Category
from contracts.model import Day, Event
from contracts.values import Commune, FullTimeEquivalents, LegalForm, Naf, ShortText, Siret, SizeBand, Subject, Zone

CATEGORY: Final = Category("company", service="companies", path="/v1/companies")

ApplicationRefusal = Literal["outside_territory", "outside_industry", "incomplete_file", "withdrawn", "other"]
SuspensionReason = Literal["fee_unpaid", "activity_paused", "insolvency_proceedings", "charter_breach", "other"]
LeavingReason = Literal["closed", "moved", "merged", "resigned", "excluded", "other"]


class _Company(Event):
    company: Siret
    naf: Naf
    commune: Commune
    zone: Zone | None
    """The business zone it is in, if any."""


class _Applied(_Company):
    legal_form: LegalForm
    headcount: FullTimeEquivalents
    """As declared in the application."""
    size_band: SizeBand


class CompanyApplied1(_Applied, type="CompanyApplied", version=1):
    """A company asked to join the network, and was none of a sole trader."""

    name: ShortText

    def upcast(self) -> "CompanyApplied":
        """With a name, and nobody behind it."""
        return CompanyApplied(**dict(self))


class CompanyApplied(_Applied, version=2, replaces=CompanyApplied1):
    """A company asked to join the network. It is not a member yet, and its headcount does not count."""

    name: ShortText | None
    """None of a sole trader, whose name is personal."""
    trader: Subject | None = None
    """The sole trader, if it is one's."""


class CompanyActivated(_Company, version=1):
    """The company became a member, with its headcount."""

    headcount: FullTimeEquivalents
    size_band: SizeBand
    applied_on: Day | None = None
    """The day of its application; none where it was activated before this was told."""


class CompanyRejected(_Company, version=1):
    """The application was refused."""

    reason: ApplicationRefusal


class CompanySuspended(_Company, version=1):
    """The membership was suspended."""

    reason: SuspensionReason
    headcount_before: FullTimeEquivalents
    headcount: FullTimeEquivalents
    """0: a suspended company does not count."""


class CompanyReinstated(_Company, version=1):
    """The suspension ended, and the company counts again with the headcount it had."""

    headcount: FullTimeEquivalents
    size_band: SizeBand


class CompanyLeft(_Company, version=1):
    """The company left the network."""

    reason: LeavingReason
    headcount_before: FullTimeEquivalents
    """0 where it was suspended."""
    headcount: FullTimeEquivalents
    """0: it does not count any more."""


class HeadcountReported(_Company, version=1):
    """A member told its headcount on `effective_on`."""

    headcount_before: FullTimeEquivalents
    headcount: FullTimeEquivalents
    size_band: SizeBand
