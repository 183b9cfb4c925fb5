"""Series for pictures: nothing left out, and a pace that can be relied on."""

from datetime import date, timedelta

from petition import charts

TODAY = date(2030, 5, 10)


def test_a_series_leaves_no_day_out_and_loses_nobody() -> None:
    cells = {TODAY - timedelta(days=ago): ago for ago in (0, 3, 50)}
    first = min(cells)
    span = charts.span(first, TODAY)
    assert span == 7
    found = charts.series(cells, first, TODAY, span)
    assert [day for day, _amount in found] == [first + timedelta(weeks=place) for place in range(8)]
    assert sum(amount for _day, amount in found) == 53
    assert charts.growing([amount for _day, amount in found])[-1] == 53


def test_the_pace_is_of_the_last_days_that_are_over() -> None:
    assert charts.pace({}, TODAY) is None
    assert charts.pace({TODAY: 9}, TODAY) is None, "no day is over"
    assert charts.pace({TODAY - timedelta(days=2): 10, TODAY: 99}, TODAY) == 5
    assert charts.pace({TODAY - timedelta(days=ago): 14 for ago in range(1, 60)}, TODAY) == 14
    assert charts.pace({TODAY - timedelta(days=30): 700}, TODAY) == 0


def test_a_goal_is_reached_on_the_day_the_pace_gives_or_nobody_says_so() -> None:
    assert charts.reached_on(21, 10, TODAY) == TODAY + timedelta(days=3)
    assert charts.reached_on(21, 0, TODAY) is None
    assert charts.reached_on(1_000_000, 1, TODAY) is None


def test_shapes_are_as_high_as_the_highest_and_empty_where_nothing_is() -> None:
    assert charts.area([0, 0], 1) == ""
    assert charts.area([1, 2], 2) == "M0 100V50h10V0h10V100z"
    assert charts.outline([0, 2], 2) == "M11 100v-100h8V100z"
