"""What is taken for right of how people travel. Each is a setting of the service."""

from eventstore.bounds import Bound, Bounds


class Plausible(Bounds):
    """How far ahead rides are offered and places reserved, how long somebody has to answer or to record,
    and how long a bike is lent."""

    ride_days_ahead: Bound = 90
    """How many days ahead a single ride is offered at most."""
    ride_hours_to_answer: Bound = 12
    """How many hours before departure the driver's side has answered whoever asked. Who asks later is answered until
    departure."""
    ride_days_to_record: Bound = 30
    """How many days after departure it may be told whether a ride took place; after that nobody knows."""
    regular_ride_longest_days: Bound = 366
    """How long a regular ride goes at most: a school year."""
    regular_ride_days_ahead: Bound = 7
    """How many days ahead a day of a regular ride is offered as a ride."""
    longest_loan_hours: Bound = 72
    """For which a bike is lent at most, from when it is asked for."""
    hours_to_take_a_bike: Bound = 2
    """For which a bike is kept for whoever has asked for it."""
    days_until_lost: Bound = 30
    """After which a bike that is overdue may be given up."""
    reservation_days_ahead: Bound = 60
    """How many days ahead a place of a shared service is reserved at most."""
    reservation_days_to_record: Bound = 30
    """How many days after its day it may be told whether a guest came; after that nobody knows."""
