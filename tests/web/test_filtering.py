"""The filter of signatures as an address says it."""

from datetime import date
from urllib.parse import parse_qsl

import pytest
from werkzeug.datastructures import MultiDict

from petition.selection import Filter
from petition.web.desk import filtering


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(states=()),
        Filter(states=("held", "removed"), countries=("IE", ""), languages=("es",), sources=("a b&c",)),
        Filter(channels=("online",), partners=("dockers", ""), domains=(b"d" * 32,), networks=(b"n" * 32, b"m" * 32)),
        Filter(first_day=date(2031, 5, 4), last_day=date(2031, 5, 6)),
    ],
)
def test_an_address_says_a_filter_and_leads_back_to_it(wanted: Filter) -> None:
    said = filtering.query(wanted)
    assert filtering.asked(MultiDict(parse_qsl(said[1:]))) == wanted


@pytest.mark.parametrize(
    "said",
    [[("state", "doubtful")], [("domain", "example.org")], [("network", "ff")], [("from", "soon")], [("x", "y")]],
)
def test_what_is_no_value_is_left_out(said: list[tuple[str, str]]) -> None:
    assert filtering.asked(MultiDict(said)) == Filter(states=())
