"""When one may sign and confirm: phases, closing, grace and pauses (S06–S09), to the second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from petition import campaigns
from petition.campaigns import Phase, Reading

CLOSING = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def reading(**changes: object) -> Reading:
    """A campaign published long ago that closes at noon of May Day."""
    made = Reading(
        id=1, slug="canteen", first_language="en", colour="b3201b", goals=(), time_zone="UTC",
        opens_at=CLOSING - 40 * 24 * HOUR, closes_at=CLOSING, published_at=CLOSING - 50 * 24 * HOUR,
        withdrawn_at=None, forgotten_at=None, asks={}, outcome={}, pauses=(), wordings={}, consent=None,
        sealed_key=None,
    )  # fmt: skip
    return replace(made, **changes)


def test_signing_ends_with_the_closing_second() -> None:
    assert campaigns.phase(reading(), CLOSING - SECOND) is Phase.OPEN
    assert campaigns.phase(reading(), CLOSING) is Phase.CLOSED


def test_a_click_counts_for_exactly_24_hours_after_closing() -> None:
    assert campaigns.may_confirm(reading(), CLOSING + 24 * HOUR - SECOND)
    assert not campaigns.may_confirm(reading(), CLOSING + 24 * HOUR)


def test_the_total_is_final_two_minutes_after_the_last_click_that_can_count() -> None:
    end = CLOSING + 24 * HOUR + timedelta(minutes=2)
    assert campaigns.phase(reading(), end - SECOND) is Phase.CLOSED
    assert campaigns.phase(reading(), end) is Phase.FINAL


def test_a_campaign_that_never_closes_stays_open() -> None:
    assert campaigns.phase(reading(closes_at=None), CLOSING + 10_000 * HOUR) is Phase.OPEN


@pytest.mark.parametrize(
    ("changes", "phase"),
    [
        ({"published_at": None}, Phase.DRAFT),
        ({"published_at": CLOSING}, Phase.DRAFT),
        ({"opens_at": CLOSING - HOUR}, Phase.SCHEDULED),
        ({"pauses": ((CLOSING - 3 * HOUR, None),)}, Phase.PAUSED),
        ({"pauses": ((CLOSING - 5 * HOUR, CLOSING - 3 * HOUR),)}, Phase.OPEN),
        ({"withdrawn_at": CLOSING - 9 * HOUR}, Phase.WITHDRAWN),
        ({"withdrawn_at": CLOSING - 9 * HOUR, "published_at": None}, Phase.DRAFT),
    ],
)
def test_each_fact_gives_its_phase(changes: dict[str, object], phase: Phase) -> None:
    assert campaigns.phase(reading(**changes), CLOSING - 2 * HOUR) is phase


def test_a_pause_stops_the_grace_and_gives_it_back_whole() -> None:
    paused = reading(pauses=((CLOSING + 23 * HOUR, CLOSING + 33 * HOUR),))
    assert campaigns.may_confirm(paused, CLOSING + 22 * HOUR)
    assert not campaigns.may_confirm(paused, CLOSING + 30 * HOUR)
    assert campaigns.may_confirm(paused, CLOSING + 34 * HOUR - SECOND)
    assert not campaigns.may_confirm(paused, CLOSING + 34 * HOUR)


def test_an_open_pause_stops_every_clock_for_as_long_as_it_lasts() -> None:
    paused = reading(closes_at=None, pauses=((CLOSING, None),))
    week = timedelta(days=7)
    assert campaigns.ago(paused, CLOSING + 1000 * HOUR, week) == CLOSING - week


moments = some.integers(-500, 500).map(lambda hours: CLOSING + hours * HOUR)


@given(some.lists(some.integers(-400, 400), unique=True, max_size=8), some.integers(0, 300), some.integers(0, 500))
def test_the_clock_runs_exactly_outside_pauses(edges: list[int], span: int, at: int) -> None:
    edges = sorted(edges)[: len(edges) // 2 * 2]
    pauses = tuple((CLOSING + a * HOUR, CLOSING + b * HOUR) for a, b in zip(edges[::2], edges[1::2], strict=True))
    now = CLOSING + at * HOUR
    since = campaigns.ago(reading(pauses=pauses), now, span * HOUR)
    paused = sum((max(min(end, now) - max(began, since), 0 * HOUR) for began, end in pauses), 0 * HOUR)
    assert now - since - paused == span * HOUR
