"""What is taken for right of classes that come to an event. Each is a setting of the service."""

from eventstore.bounds import Bound, Bounds


class Plausible(Bounds):
    """What is asked of a booking, and the most that is taken for right of who came."""

    pupils_per_adult: Bound = 15
    """How many pupils one adult looks after at most. For collège and lycée no law says so: the head of the school
    answers for it. This is what is asked of primary schools beyond their first two adults."""
    most_adults_a_class: Bound = 20
    """Who come with one class: beyond it somebody has entered the pupils."""
    most_beyond_booked: Bound = 10
    """Pupils of a class who came, and for whom no place was booked. Who came is counted as it was; beyond it somebody
    has counted another class."""
