"""Very many signatures from one mail domain: a figure rises, and nobody is named or slowed (security.md A2)."""

from datetime import timedelta
from typing import Any

import pytest

from petition import crowding, pulse, sightings, worker
from petition.base import db
from petition.campaigns import Reading
from petition.sightings import Sighting
from tests.cast import Cast
from tests.domain.test_signs import enter_all, people

MINUTES = timedelta(minutes=50)


@pytest.fixture
def reading(cast: Cast) -> Reading:
    """A campaign nobody has signed yet."""
    return cast.campaign()


def came(reading: Reading, n: int, domain: str = "", *, ago: timedelta = MINUTES) -> None:
    """So many sign within ten minutes, at many domains or at one."""
    at = db.now() - ago
    enter_all(*people(reading, n, at=at, over=timedelta(minutes=10), domain=domain))


def counted(cast: Cast) -> int:
    """What a worker counts now."""
    cast.number()
    found = crowding.count(db.now())
    db.session.commit()
    assert crowding.last(db.now()) == found
    return found


def test_nobody_is_no_crowd(cast: Cast, reading: Reading) -> None:
    assert counted(cast) == 0


def test_many_at_an_unknown_domain_are_a_crowd_of_so_many(cast: Cast, reading: Reading) -> None:
    """A2."""
    came(reading, 300)
    came(reading, 120, "catch-all.example")
    assert counted(cast) == 120


@pytest.mark.parametrize(
    ("n", "domain", "ago"),
    [
        pytest.param(crowding.LEAST - 1, "office.example", MINUTES, id="an office"),
        pytest.param(200, "gmail.com", MINUTES, id="a large provider"),
        pytest.param(200, "catch-all.example", timedelta(minutes=80), id="more than an hour ago"),
    ],
)
def test_what_is_usual_is_no_crowd(cast: Cast, reading: Reading, n: int, domain: str, ago: timedelta) -> None:
    came(reading, 50)
    came(reading, n, domain, ago=ago)
    assert counted(cast) == 0


def test_a_domain_that_always_brought_its_share_is_no_crowd_until_it_brings_many_times_as_much(
    cast: Cast, reading: Reading
) -> None:
    """A provider that no list knows."""
    for ago, others, theirs in ((timedelta(days=2), 350, 150), (MINUTES, 250, 110)):
        came(reading, others, ago=ago)
        came(reading, theirs, "provider.example", ago=ago)
    assert counted(cast) == 0
    came(reading, 101, "catch-all.example")
    assert counted(cast) == 101


def test_a_campaign_beside_it_is_looked_at_by_itself(cast: Cast, reading: Reading) -> None:
    """Sixty in each of two campaigns are no hundred in one."""
    beside = cast.campaign("beside")
    for one in (reading, beside):
        came(one, 60, "catch-all.example")
        came(one, 50)
    assert counted(cast) == 0


def test_workers_count_once_a_minute_all_together_and_what_is_old_is_not_told(cast: Cast, reading: Reading) -> None:
    came(reading, 120, "catch-all.example")
    cast.number()
    assert pulse.read(db.now()).crowd is None
    one = worker.Worker(cast.app)
    one._crowd()
    db.session.remove()
    assert pulse.read(db.now()).crowd == 120
    assert not crowding.is_due(db.now())
    assert crowding.is_due(db.now() + crowding.EVERY)
    assert crowding.last(db.now() + crowding.STALE + timedelta(seconds=1)) is None


def test_what_is_written_down_names_neither_campaign_nor_domain(cast: Cast, reading: Reading) -> None:
    came(reading, 120, "catch-all.example")
    counted(cast)
    stored: Any = db.session.get_one(Sighting, sightings.CROWD)
    assert stored.figures == {"largest": 120}
