"""What is said of a chapter that is being folded."""

from datetime import UTC, datetime, timedelta

import pytest

from indicators.progress import Progress

BEGAN = datetime(2026, 11, 29, 8, tzinfo=UTC)
OWN = "indicators-network-0a1b2c3d"
OLD = "indicators-network-99999999"


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress(OWN, 1.0, BEGAN, OWN), f"{OWN}: serves"),
        (
            Progress(OWN, 0.25, BEGAN, OLD),
            f"{OWN}: 25.0% folded since 2026-11-29 08:00:00 UTC, about 0:03:00 left; {OLD} serves meanwhile",
        ),
        (Progress(OWN, 0.0, None, OLD), f"{OWN}: 0.0% folded; {OLD} serves meanwhile"),
        (Progress(OWN, 1.0, BEGAN, None), f"{OWN}: 100.0% folded; nothing serves meanwhile"),
    ],
    ids=["served", "under way", "not begun", "about to serve"],
)
def test_a_chapter_tells_how_far_it_is_and_what_serves(progress: Progress, line: str) -> None:
    assert progress.line("network", BEGAN + timedelta(minutes=1)) == f"network        {line}"
