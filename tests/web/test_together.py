"""People who sign together: a team lifts the soft limit for a place and a time, and it ends by itself (S49)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from petition import gatherings, retention, teams
from petition.base import db
from petition.gatherings import Gathering
from tests.cast import Cast, form_token
from tests.organisers import Desk
from tests.web.test_desk_signatures import lines

ROOT = "/desk/campaigns/canteen/together"
START = datetime(2031, 5, 4, 12, tzinfo=UTC)
HALL, ELSEWHERE = "198.51.100.7", "203.0.113.9"
ZONE_FORM = "%Y-%m-%dT%H:%M"


def sign(cast: Cast, first: int, count: int, address: str = HALL, *, slug: str = "canteen", source: str = "") -> None:
    """So many people sign from one address."""
    client = cast.browser()
    path = f"/en/campaigns/{slug}" + (f"?source={source}" if source else "")
    token = form_token(client.get(path).text)
    for number in range(first, first + count):
        data = {"name": "Ana", "email": f"p{number}@example.org", "country": "IE", "token": token}
        assert client.post(path, data=data, environ_base={"REMOTE_ADDR": address}).status_code == 303


def here(desk: Desk, address: str = HALL, **typed: str):
    """Somebody who is on this network says so."""
    return desk.send(f"{ROOT}/here", **({"place": "Dock Hall", "hours": "2"} | typed))


@pytest.fixture
def hall(make_app: Callable[..., Flask]) -> Callable[..., Flask]:
    """A site with a soft limit of five letters an hour."""
    return lambda: make_app(soft_limit=5)


def moderator(cast: Cast, address: str = HALL) -> Desk:
    """Somebody of the team in the hall."""
    desk = cast.organiser(teams.MODERATOR, "canteen")
    desk.client.environ_base["REMOTE_ADDR"] = address
    return desk


def test_who_is_in_the_hall_lets_the_letters_of_everybody_there_go(hall: Callable[[], Flask]) -> None:
    """S49: those that waited already, too; nobody else's; another campaign's neither."""
    app = hall()
    with app.app_context(), time_machine.travel(START, tick=False) as clock:
        cast = Cast(app)
        cast.campaign()
        cast.campaign("other")
        sign(cast, 0, 12)
        assert len(cast.deliver()) == 5
        desk = moderator(cast)
        assert "198.51.100.0/24" in desk.get(ROOT).text
        assert here(desk).status_code == 303
        assert len(cast.deliver()) == 7
        sign(cast, 20, 10)
        sign(cast, 40, 3, slug="other")
        sign(cast, 50, 8, ELSEWHERE)
        assert len(cast.deliver()) == 10 + 5
        assert lines("soft limit") == [("soft limit lifted", 1, 1, "Dock Hall")]
        # It ends by itself.
        clock.shift(timedelta(hours=2))
        sign(cast, 60, 9)
        assert 0 < len(cast.deliver(1)) < 9 + 3 + 3


def test_it_goes_on_over_midnight_when_the_days_key_changes(hall: Callable[[], Flask]) -> None:
    app = hall()
    with app.app_context(), time_machine.travel(START.replace(hour=23), tick=False) as clock:
        cast = Cast(app)
        cast.campaign()
        here(moderator(cast), hours="4")
        clock.shift(timedelta(hours=2))
        sign(cast, 0, 12)
        assert len(cast.deliver()) == 12
        row = db.session.scalars(select(Gathering)).one()
        assert row.network != row.next_network
        db.session.rollback()
        clock.shift(timedelta(hours=50))
        for _step in retention.steps(db.now()):
            db.session.commit()
        row = db.session.scalars(select(Gathering)).one()
        assert (row.network, row.next_network) == (None, None)
        db.session.rollback()


def test_for_a_meeting_to_come_a_link_lets_those_through_who_come_by_it(hall: Callable[[], Flask]) -> None:
    """Its source is random; before, after and without it the limit holds."""
    app = hall()
    with app.app_context(), time_machine.travel(START, tick=False) as clock:
        cast = Cast(app)
        cast.campaign(time_zone="Europe/Madrid")
        desk = moderator(cast, ELSEWHERE)
        answer = desk.send(f"{ROOT}/plan", hall="Dock Hall", begins="2031-05-04T16:00", ends="2031-05-04T20:00")
        assert answer.status_code == 303
        row = db.session.scalars(select(Gathering)).one()
        db.session.rollback()
        assert (row.began_at, row.ends_at) == (START + timedelta(hours=2), START + timedelta(hours=6))
        page = desk.get(ROOT).text
        assert f"/en/campaigns/canteen?source={row.source}" in page
        assert 'role="img"' in page
        sign(cast, 0, 8, source=row.source)
        assert len(cast.deliver()) == 5
        clock.shift(timedelta(hours=3))
        cast.deliver()
        sign(cast, 20, 9, source=row.source)
        sign(cast, 40, 9)
        assert len(cast.deliver(1)) >= 9
        told = {letter.to for letter in cast.sink.letters}
        assert {f"p{number}@example.org" for number in range(20, 29)} <= told
        assert len(told & {f"p{number}@example.org" for number in range(40, 49)}) <= 5


def test_it_is_ended_before_its_time(hall: Callable[[], Flask]) -> None:
    app = hall()
    with app.app_context(), time_machine.travel(START, tick=False):
        cast = Cast(app)
        cast.campaign()
        desk = moderator(cast)
        here(desk)
        assert desk.send(f"{ROOT}/1/end").status_code == 303
        assert desk.send(f"{ROOT}/1/end").status_code == 303
        sign(cast, 0, 9)
        assert len(cast.deliver()) == 5
        assert [one[0] for one in lines("soft limit")] == ["soft limit lifted", "soft limit set again"]
        assert "Nothing is lifted" in desk.get(ROOT).text
        assert not gatherings.end(999, 1, actor="a test", at=db.now())
        db.session.rollback()


@pytest.mark.parametrize(
    ("what", "typed"),
    [
        ("here", {"place": "", "hours": "2"}), ("here", {"place": "Hall", "hours": "400"}),
        ("plan", {"hall": "Hall", "begins": "2031-05-04T16:00", "ends": "2031-05-04T15:00"}),
        ("plan", {"hall": "Hall", "begins": "2031-05-04T16:00", "ends": "2031-05-06T16:00"}),
        ("plan", {"hall": "Hall", "begins": "2031-05-03T16:00", "ends": "2031-05-04T01:00"}),
        ("plan", {"hall": "Hall", "begins": "2032-05-03T16:00", "ends": "2032-05-03T18:00"}),
        ("plan", {"hall": "Hall", "begins": "", "ends": "soon"}), ("plan", {"begins": "x", "ends": "y"}),
    ],
)  # fmt: skip
def test_what_has_no_place_no_end_or_no_sense_is_not_lifted(
    app: Flask, cast: Cast, what: str, typed: dict[str, str]
) -> None:
    with time_machine.travel(START, tick=False):
        cast.campaign()
        desk = cast.organiser(teams.MODERATOR, "canteen")
        assert desk.send(f"{ROOT}/{what}", **typed).status_code == 422
        assert db.session.scalars(select(Gathering)).all() == []
        db.session.rollback()
