"""What is taken for right of priority groups. Each is a setting of the service."""

from eventstore.bounds import Bound, Bounds


class Plausible(Bounds):
    """Who belongs to which priority group: what the programme's partners agreed on."""

    long_term_months: Bound = 12
    """Months of registration from which somebody is without work for long."""
    very_long_term_months: Bound = 24
    """Months of registration from which somebody is without work for very long."""
    senior_from: Bound = 50
    """Years of age."""
    youth_until: Bound = 26
    """Years of age; who is as old is no youth any more."""
