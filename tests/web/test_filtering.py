"""The filter of signatures as an address says it."""

import html
import re
from datetime import date
from urllib.parse import parse_qsl

import pytest
from flask import Flask, render_template_string
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from petition.base import db
from petition.selection import Filter
from petition.signatures import Signature
from petition.web.desk import filtering
from tests.cast import Cast
from tests.organisers import desk_of
from tests.signers import enter, signer


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


FORM = """{% from "desk/parts/filter.html" import filter_form, filter_said with context %}
{{ filter_form("/list", shown) }}{{ filter_said(shown) }}"""


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(states=()),
        Filter(countries=("IE", "ES", "")),
        Filter(states=("held",), sources=("nowhere & <b>",), channels=("online",), domains=(b"d" * 32,)),
        Filter(partners=("",), networks=(b"n" * 32,), first_day=date(2031, 5, 4), last_day=date(2031, 5, 6)),
    ],
)
def test_the_filters_form_sent_as_it_stands_asks_for_the_same_again(app: Flask, cast: Cast, wanted: Filter) -> None:
    """Whatever it offers, and also for several values of a kind, and values nobody has."""
    campaign = cast.campaign()
    enter(signer(campaign, "Ana"), signer(campaign, "Ben", "ES", source="a/poster"), signer(campaign, "Cem", ""))
    with desk_of(app).test_request_context("/desk/"):
        page = render_template_string(FORM, shown=filtering.fields(campaign, wanted))
    sent = [(name, value) for name, value in re.findall(r'name="([a-z]+)" value="([^"]*)" checked', page)]
    sent += re.findall(r'name="(from|to)" type="date" value="([^"]*)"', page)
    for name, options in re.findall(r'<select[^>]* name="([a-z]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent.append((name, html.unescape(chosen[1]) if chosen else ""))
    again = filtering.asked(MultiDict(sent))
    assert {name: set(value) if isinstance(value, list) else value for name, value in again.facts().items()} == {
        name: set(value) if isinstance(value, list) else value for name, value in wanted.facts().items()
    }
    assert "a/poster" in page
    assert "<b>" not in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "wanted",
    [
        Filter(countries=("IE", "ES"), languages=("en",)), Filter(sources=("x",)), Filter(channels=("online",)),
        Filter(domains=(b"d" * 32,)), Filter(domains=(b"d" * 32,), countries=("IE",)),
        Filter(first_day=date(2031, 5, 4), countries=("ES",)),
    ],
)  # fmt: skip
def test_counting_what_a_filter_means_reads_an_index_and_no_row(cast: Cast, wanted: Filter) -> None:
    """At a million signatures a row read for each is a second."""
    conditions = wanted.conditions(cast.campaign().id)
    query = select(func.count()).select_from(Signature).where(*conditions)
    asked = query.compile(db.database().engine, compile_kwargs={"literal_binds": True})
    (step,) = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
    assert "USING COVERING INDEX" in step[-1]
