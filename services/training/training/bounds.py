"""What is taken for right of answers to campaigns, and what is given of them. Each is a setting of the service."""

from eventstore.bounds import Bound, Bounds


class Plausible(Bounds):
    """When an answer to a skills campaign holds together, and when a figure would give a respondent away."""

    pyramid_least_percent: Bound = 50
    """The persons of an age pyramid, in percent of the headcount, at least: below it the answer is set aside."""
    pyramid_most_percent: Bound = 200
    """The persons of an age pyramid, or of all trades, in percent of the headcount, at most."""
    figure_least_respondents: Bound = 3
    """A figure of fewer respondents is not given."""
    figure_most_percent_of_one: Bound = 85
    """A figure of which one respondent makes more, in percent, is not given."""
