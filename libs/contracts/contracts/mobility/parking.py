"""What places to park a car or a bicycle have in common: why they end, and why what is recorded of
them is put right."""

from typing import Literal

ParkingEnd = Literal["works", "unsafe", "little_used", "replaced", "given_up", "entered_by_mistake", "other"]
"""Why it is closed or removed; `given_up` is what was only planned."""
PlacesCorrection = Literal["typing_error", "count", "late_document", "other"]
"""`count` is that of who went there and counted."""
DescriptionCorrection = Literal["typing_error", "changed", "late_document", "other"]
"""`changed`: it was right once, and is otherwise today."""
