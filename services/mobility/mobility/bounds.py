"""What is taken for right of how people travel. Each is a setting of the service."""

from eventstore.bounds import Bound, Bounds


class Plausible(Bounds):
    """How far ahead rides are offered, and how long before them somebody has to answer."""

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
