"""What is taken for right of loans of bikes. Each is a setting of the service."""

from eventstore.bounds import Bound, Bounds


class Plausible(Bounds):
    """How long a bike is lent, kept and waited for."""

    longest_loan_hours: Bound = 72
    """For which a bike is lent at most, from when it is asked for."""
    hours_to_take_a_bike: Bound = 2
    """For which a bike is kept for whoever has asked for it."""
    days_until_lost: Bound = 30
    """After which a bike that is overdue may be given up."""
