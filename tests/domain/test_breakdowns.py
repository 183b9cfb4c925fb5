"""What is published of how a total divides (S62): exact in all, and never about fewer than ten people (C5)."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from sqlalchemy import insert, select

from petition import breakdowns, register, running
from petition.base import db
from petition.breakdowns import LEAST, Breakdown, Published
from petition.register import Cell, Move
from tests.cast import Cast

COUNTRIES = ["IE", "ES", "MX", "KE", "TN", "PL", ""]
WEIGHTS = [40, 20, 10, 4, 2, 1, 5]


def cell(day: date, country: str = "IE", source: str = "", partner: str = "") -> Cell:
    return Cell(day, country, "en", "online", source, partner)


def enter(campaign_id: int, cells: list[Cell], amount: int = 1) -> None:
    """Moves of this amount, numbered."""
    at = db.now()
    rows = [register.move_row(campaign_id, "entered", amount, one, signature_id=None, at=at) for one in cells]
    if rows:
        db.session.execute(insert(Move), rows)
    register.number(campaign_id)
    db.session.commit()


def noon(days: int = 1) -> datetime:
    """Noon of a day from now on."""
    return datetime.combine(db.now().date(), datetime.min.time(), UTC) + timedelta(days=days, hours=12)


def published(campaign_id: int, at: datetime) -> dict[str, Published] | None:
    """What the worker publishes at a moment; None where nothing is due."""
    if campaign_id not in breakdowns.due(at):
        return None
    assert breakdowns.publish(campaign_id, at)
    db.session.commit()
    return breakdowns.read(campaign_id)


def test_nine_from_a_country_are_others_and_ten_are_named(cast: Cast) -> None:
    """C5."""
    reading, today = cast.campaign(), db.now().date()
    enter(reading.id, [cell(today, "IE")] * 23 + [cell(today, "ES")] * 9 + [cell(today, "MX")] * 10)
    found = published(reading.id, noon())
    assert found is not None
    assert (found["country"].cells, found["country"].other) == ({"IE": 20, "MX": 10}, 12)
    assert (found["day"].cells, found["day"].other) == ({today.isoformat(): 42}, 0)
    assert (found["source"].cells, found["partner"].cells) == ({}, {}), "what nobody said is no value"
    assert {one.total for one in found.values()} == {42}


def test_what_is_left_over_is_never_a_handful(cast: Cast) -> None:
    reading, today = cast.campaign(), db.now().date()
    enter(reading.id, [cell(today, "IE")] * 500 + [cell(today, "ES")] * 3)
    found = published(reading.id, noon())
    assert found is not None
    assert (found["country"].cells, found["country"].other) == ({"IE": 490}, 13)


def test_one_who_leaves_takes_no_number_along_and_ten_do(cast: Cast) -> None:
    """C5: everybody sees the total fall by one; the country must not fall with it."""
    reading, today = cast.campaign(), db.now().date()
    enter(reading.id, [cell(today, "IE")] * 30 + [cell(today, "ES")] * 20)
    for number, leave, shown in ((1, 0, 30), (2, 1, 30), (3, 8, 30), (4, 1, 20)):
        enter(reading.id, [cell(today, "IE")] * leave, -1)
        enter(reading.id, [cell(today, "ES")] * 20)
        found = published(reading.id, noon(number))
        assert found is not None
        assert found["country"].cells["IE"] == shown


class Crowd:
    """People who come and go: the moves, and who is there."""

    def __init__(self, campaign_id: int, seed: int) -> None:
        self.campaign_id, self.dice = campaign_id, random.Random(seed)
        self.there: list[Cell] = []

    def live(self, day: date) -> None:
        """One day: mostly some come, now and then many, and some leave, once in a while most."""
        come = self.dice.choice([0, 1, 3, 9, 10, 12, 40, 150])
        fresh = [
            cell(day, self.dice.choices(COUNTRIES, WEIGHTS)[0], self.dice.choice(["", "poster", "newsletter"]))
            for _ in range(come)
        ]
        self.dice.shuffle(self.there)
        go = min(self.dice.choices([0, 1, 2, 9, 11, 120], [30, 20, 20, 10, 5, 1])[0], len(self.there))
        gone, self.there = self.there[:go], self.there[go:] + fresh
        enter(self.campaign_id, fresh)
        enter(self.campaign_id, gone, -1)


def _is_safe(one: Published) -> None:
    assert one.other == 0 or one.other >= LEAST
    assert all(amount >= LEAST for amount in one.cells.values())


def _tells_of_ten(one: Mapping[str, int], other: Mapping[str, int]) -> None:
    for value in one.keys() | other.keys():
        apart = abs(one.get(value, 0) - other.get(value, 0))
        assert apart == 0 or apart >= LEAST, value


@pytest.mark.parametrize("seed", range(4))
def test_no_two_publications_differ_by_a_handful_and_all_say_the_total(cast: Cast, seed: int) -> None:
    """C5: whoever keeps every publication learns of no fewer than ten."""
    reading = cast.campaign()
    crowd, history, skipped = Crowd(reading.id, seed), [], 0
    for number in range(1, 40):
        crowd.live(noon(number).date() - timedelta(days=1))
        found = published(reading.id, noon(number))
        if found is None:
            skipped += 1
            continue
        assert {one.total for one in found.values()} == {len(crowd.there)}
        for one in found.values():
            _is_safe(one)
        history.append(found)
    assert len(history) > 10
    assert skipped > 2
    for dimension in breakdowns.PUBLISHED:
        for one, other in combinations(history, 2):
            _tells_of_ten(one[dimension].cells, other[dimension].cells)
    totals = [one["country"].total for one in history]
    assert all(abs(before - after) >= LEAST for before, after in pairwise(totals))
    assert history[-1]["country"].cells, "and something is said at all"
    exact = register.breakdown(reading.id, "country")
    for value, amount in history[-1]["country"].cells.items():
        assert abs(exact[value] - amount) < 4 * LEAST, "not far from the truth"


def test_it_is_made_once_a_day_and_only_when_ten_have_moved(cast: Cast) -> None:
    reading, today = cast.campaign(), db.now().date()
    enter(reading.id, [cell(today)] * 9)
    assert published(reading.id, noon()) is None, "nine"
    enter(reading.id, [cell(today)] * 11)
    assert published(reading.id, noon(0)) is None, "the day it was published"
    assert published(reading.id, noon()) is not None
    enter(reading.id, [cell(today)] * 30)
    assert published(reading.id, noon() + timedelta(hours=3)) is None, "once a day"
    assert not breakdowns.publish(reading.id, noon() + timedelta(hours=3))
    assert published(reading.id, noon(2)) is not None
    enter(reading.id, [cell(today)] * 9)
    assert published(reading.id, noon(3)) is None, "what one of nine did would show"
    found = breakdowns.read(reading.id)["country"]
    assert (found.total, found.day) == (50, noon(2).date())


def test_a_day_is_counted_when_it_is_over(cast: Cast) -> None:
    reading, today = cast.campaign(), db.now().date()
    morrow = today + timedelta(days=1)
    enter(reading.id, [cell(today)] * 35 + [cell(morrow)] * 12)
    found = published(reading.id, noon(1))
    assert found is not None
    assert (found["day"].cells, found["day"].other) == ({today.isoformat(): 35}, 12)
    enter(reading.id, [cell(today)] * 12 + [cell(morrow)] * 7)
    found = published(reading.id, noon(2))
    assert found is not None
    assert (found["day"].cells, found["day"].other) == ({today.isoformat(): 35, morrow.isoformat(): 19}, 12)


def test_two_workers_publish_one_division(cast: Cast) -> None:
    """The later one changes nothing, even where it began before the other was done."""
    reading, today = cast.campaign(), db.now().date()
    enter(reading.id, [cell(today)] * 20)
    assert breakdowns.publish(reading.id, noon())
    db.session.commit()
    first = breakdowns.read(reading.id)
    enter(reading.id, [cell(today)] * 20)
    rows = [{"campaign_id": reading.id, "dimension": "country", "day": noon().date(), "cells": [["IE", 40], ["", 0]]}]
    breakdowns._store(rows)
    db.session.commit()
    assert breakdowns.read(reading.id) == first


def test_a_campaign_the_public_does_not_see_publishes_nothing(cast: Cast) -> None:
    for slug in ("draft", "withdrawn"):
        reading = cast.campaign(slug, publish=slug != "draft")
        enter(reading.id, [cell(db.now().date())] * 20)
    running.withdraw(cast.row("withdrawn"), "a test")
    db.session.commit()
    assert breakdowns.due(noon()) == []
    assert db.session.scalars(select(Breakdown)).all() == []
