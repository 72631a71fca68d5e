"""Productive investment: each is replayed to its end, and each of its steps counts on its day."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from indicators.recounts.counting import Computed, Distinct, Flow, Happened, Recounts, Share, Stream, ratio


class Investment:
    """An investment as it stands in the end."""

    def __init__(self, events: Stream) -> None:
        self.days: dict[str, date] = {}
        self.amount = self.spent = 0
        self.grants: dict[tuple[str, str], tuple[date, int]] = {}
        self.payments: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
        self.repayments: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
        self.jobs: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))
        self.hires: dict[str, date] = {}
        self.told = events[0].data
        for event in events:
            self.replay(event.type, event, event.data)

    def replay(self, kind: str, event: Happened, data: Mapping[str, Any]) -> None:
        """What the event changes."""
        match kind:
            case "InvestmentAnnounced":
                self.days["announced"], self.amount = event.day(), data["amount"]
            case "InvestmentCommitted":
                self.days["committed"] = event.day()
            case "InvestmentCompleted":
                self.days["completed"], self.spent = event.day(), data["amount_spent"]
            case "InvestmentCancelled":
                self.days["cancelled"] = event.day()
            case "JobsAudited":
                self.days["audited"] = event.day()
                self.jobs = (Decimal(data["created"]), Decimal(data["maintained"]))
            case "JobEvidenced":
                self.hires[data["hire"]] = event.day("evidenced_on")
            case "JobEvidenceCorrected":
                del self.hires[data["hire"]]
            case "GrantAwarded":
                self.grants[data["funder"], data["scheme"]] = (event.day(), data["amount"])
            case "GrantDisbursed":
                self.payments[data["funder"], data["scheme"]].append((event.day(), data["amount"]))
            case "GrantRepaid":
                self.repayments[data["funder"], data["scheme"]].append((event.day(), data["amount"]))
            case "GrantCorrected":
                self.grants[data["funder"], data["scheme"]] = (event.day("awarded_on"), data["amount"])
            case "PaymentCorrected":
                payments = self.payments[data["funder"], data["scheme"]]
                payments[data["payment"] - 1] = (event.day("paid_on"), data["amount"])
            case "RepaymentCorrected":
                repayments = self.repayments[data["funder"], data["scheme"]]
                repayments[data["repayment"] - 1] = (event.day("repaid_on"), data["amount"])
            case "AmountCorrected":
                self.amount = data["amount"]
            case "AmountSpentCorrected":
                self.spent = data["amount_spent"]
            case "DayCorrected":
                self.days[data["step"]] = event.day("day")

    def counted(self, step: str, value: int | Decimal) -> Iterator[Share]:
        """A value on the day of a step, if it was reached."""
        if step in self.days:
            yield Share(self.days[step], self.told, Decimal(value))

    def unless_cancelled(self, step: str, value: int) -> Iterator[Share]:
        """The same, until the day it is cancelled."""
        yield from self.counted(step, value)
        if step in self.days:
            yield from self.counted("cancelled", -value)

    def evidenced(self) -> Iterator[Share]:
        """Each hire that evidences a job."""
        for day in self.hires.values():
            yield Share(day, self.told, Decimal(1))

    def granted(self) -> Iterator[Share]:
        """Each grant; from the day of cancellation on, only what it has paid and not been repaid by then."""
        for grant, (day, value) in self.grants.items():
            told = {**self.told, "funder": grant[0]}
            yield Share(day, told, Decimal(value))
            if cancelled := self.days.get("cancelled"):
                yield Share(cancelled, told, Decimal(sum(paid for _, paid in self.payments[grant]) - value))
                for day, repaid in self.repayments[grant]:
                    yield Share(max(day, cancelled), told, Decimal(-repaid))

    def disbursed(self) -> Iterator[Share]:
        """Each payment, and what was paid back."""
        for sign, made in ((1, self.payments), (-1, self.repayments)):
            for (funder, _), payments in made.items():
                for day, value in payments:
                    yield Share(day, {**self.told, "funder": funder}, Decimal(sign * value))


def _flow(counts: Callable[[Investment], Iterable[Share]]) -> Flow:
    return Flow("investment", lambda stream: counts(Investment(stream)))


RECOUNTS: Final[Recounts] = {
    "investment_announced": _flow(lambda investment: investment.unless_cancelled("announced", investment.amount)),
    "investment_committed": _flow(lambda investment: investment.unless_cancelled("committed", investment.amount)),
    "invested_productive": _flow(lambda investment: investment.counted("completed", investment.spent)),
    "companies_investing": Distinct("investment", lambda stream: Investment(stream).counted("completed", 1)),
    "grants_granted": _flow(Investment.granted),
    "grants_disbursed": _flow(Investment.disbursed),
    "jobs_created": _flow(lambda investment: investment.counted("audited", investment.jobs[0])),
    "jobs_maintained": _flow(lambda investment: investment.counted("audited", investment.jobs[1])),
    "jobs_evidenced": _flow(Investment.evidenced),
    "cost_per_job": Computed(("invested_productive", "jobs_created"), lambda euros, jobs: ratio(euros, jobs, "0.01")),
}
