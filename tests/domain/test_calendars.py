"""Events as calendars read them: written by us, read back by a library, and line by line (RFC 5545)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from icalendar import Calendar, Component

from petition import calendars, events
from petition.base import markdown
from petition.base.plain import plain
from petition.events import EventText, Reading
from tests.cast import moment

LONG = "اجتماع مفتوح في قاعة الميناء؛ تعالوا واسألوا، ومعكم أصدقاؤكم وجيرانكم وكل من يهمه الأمر"
CHINESE = "码头工人大会：请把你的邻居、同事和朋友都带来，我们一起讨论下一步怎么办，时间地点见下文"
ONLINE = "https://meet.example/a,b;c"


@pytest.fixture(autouse=True)
def answering(app: Flask) -> Iterator[None]:
    """Somebody is being answered, so that there is a language to speak."""
    with app.test_request_context("/en/"):
        yield


def reading(title: str = "Open evening", source: str = "Bring *soup*.", **changes: object) -> Reading:
    words = EventText(
        event_id=7, language="en", title=title, standfirst="Come, and ask; all of it.", place="Dock Hall, Corvane",
        source=source, html=markdown.to_html(source),
    )  # fmt: skip
    made = moment("2030-01-01T10:00")
    found = Reading(
        7, "open-evening", "en", ("en",), words, {"en": words}, "Europe/Madrid", moment("2030-07-01T17:00"),
        moment("2030-07-01T19:30"), "", None, None, made, None, made + timedelta(seconds=90), made,
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type]


def parsed(*found: Reading) -> Component:
    return Calendar.from_ical(calendars.written(found, "en"))


def entry(found: Reading) -> Component:
    (one,) = parsed(found).walk("VEVENT")
    return one


def test_what_calendars_need_is_there() -> None:
    one = entry(reading(online=ONLINE))
    assert {name: str(one[name]) for name in ("SUMMARY", "LOCATION", "STATUS", "URL", "UID")} == {
        "SUMMARY": "Open evening", "LOCATION": "Dock Hall, Corvane", "STATUS": "CONFIRMED",
        "URL": "http://localhost/en/events/open-evening", "UID": "event-7@localhost",
    }  # fmt: skip
    assert one["DESCRIPTION"] == f"Come, and ask; all of it.\n\nBring soup.\n\nOnline: {ONLINE}"
    assert (one.start, one.end) == (moment("2030-07-01T17:00"), moment("2030-07-01T19:30"))
    assert (one["DTSTART"].params["TZID"], one["DTEND"].params["TZID"]) == ("Europe/Madrid", "Europe/Madrid")
    assert one["DTSTAMP"].dt == one["LAST-MODIFIED"].dt == moment("2030-01-01T10:01:30")
    assert one["SEQUENCE"] == 90


def test_an_event_without_an_end_or_a_place_has_none_made_up() -> None:
    found = reading(ends_at=None, online=ONLINE)
    found.text.place = ""
    one = entry(found)
    assert "DTEND" not in one
    assert one["LOCATION"] == ONLINE


def test_a_cancelled_event_is_struck_out_and_says_so_where_that_is_not_understood() -> None:
    one = entry(reading(cancelled_at=moment("2030-01-02T10:00")))
    assert (one["STATUS"], one["SUMMARY"]) == ("CANCELLED", "Cancelled: Open evening")


@pytest.mark.parametrize("title", [LONG, CHINESE, 'A "b", c; d\\n: e', "O’Brien " * 24, "👩‍👩‍👧‍👦" * 20])
def test_a_title_of_any_script_comes_through_whole(title: str) -> None:
    assert entry(reading(title))["SUMMARY"] == title


@pytest.mark.parametrize("title", [LONG, CHINESE, "x" * 200])
def test_lines_end_with_crlf_and_hold_seventy_five_bytes_at_most_none_cut_inside_a_character(title: str) -> None:
    """RFC 5545, 3.1."""
    written = calendars.written([reading(title, "Word " * 500)], "en", "Events of this site")
    lines = written.split(b"\r\n")
    assert lines[-1] == b""
    assert [line for line in lines if b"\n" in line or b"\r" in line or len(line) > 75] == []
    assert [line.decode() for line in lines]


def offsets(written: bytes, first: datetime, hours: int) -> list[tuple[str, timedelta | None, timedelta | None]]:
    """How far a place is from UTC hour by hour, by the written rules and by the machine's.

    By RFC 5545, 3.6.5: what the last observance says whose onset, read with the offset before it, has passed. (The
    library's own reader is an hour off in the hour that comes twice.)
    """
    (zone,) = Calendar.from_ical(written).walk("VTIMEZONE")
    rules = sorted(
        ((one["DTSTART"].dt - one["TZOFFSETFROM"].td).replace(tzinfo=UTC), one["TZOFFSETTO"].td)
        for one in zone.subcomponents
    )
    moments = [first + timedelta(hours=number) for number in range(hours)]
    return [
        (
            str(at),
            [to for onset, to in rules if onset <= at][-1],
            at.astimezone(ZoneInfo(str(zone["TZID"]))).utcoffset(),
        )
        for at in moments
    ]


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("Europe/Madrid", "2030-03-31T01:00"), ("Europe/Madrid", "2030-10-27T01:00"),
        ("Europe/Dublin", "2030-03-31T01:00"), ("America/St_Johns", "2030-03-10T05:30"),
        ("Pacific/Auckland", "2030-09-28T14:00"), ("Africa/Nairobi", "2030-06-01T00:00"),
        ("Australia/Lord_Howe", "2030-04-06T15:00"), ("Africa/Casablanca", "2027-02-07T02:00"),
    ],
)  # fmt: skip
def test_the_written_rules_of_a_place_are_those_of_its_clocks_through_every_change(zone: str, around: str) -> None:
    """Half a day before and after a change: a calendar that knows no zones by name is on time, too."""
    at = moment(around)
    found = reading(time_zone=zone, starts_at=at - timedelta(hours=12), ends_at=at + timedelta(hours=12))
    shown = offsets(calendars.written([found], "en"), at - timedelta(hours=12), 24)
    assert [one for one in shown if one[1] != one[2]] == []


def test_the_rules_reach_from_the_first_event_to_the_last() -> None:
    far = [reading(starts_at=moment(f"{year}-07-01T17:00"), ends_at=None) for year in (2028, 2031)]
    shown = offsets(calendars.written(far, "en"), moment("2028-07-01T00:00"), 3 * 366 * 24)
    assert len({theirs for _, _, theirs in shown}) == 2
    assert [one for one in shown if one[1] != one[2]] == []


def test_a_time_that_comes_twice_is_the_one_that_was_meant() -> None:
    """Two in the morning of 27 October 2030: at 00:30 UTC by summer time, at 01:30 UTC by winter time."""
    for at, offset in (("2030-10-27T00:30", 2), ("2030-10-26T22:00", 2), ("2030-10-27T02:00", 1)):
        one = entry(reading(starts_at=moment(at), ends_at=None))
        assert one.start.astimezone(UTC) == moment(at)
        assert one.start.utcoffset() == timedelta(hours=offset)


def test_places_with_the_same_clocks_are_said_once() -> None:
    found = [
        reading(id=number, time_zone=zone) for number, zone in enumerate(("Europe/Madrid", "UTC", "Europe/Madrid"))
    ]
    calendar = parsed(*found)
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Madrid", "UTC"]
    assert [one.start for one in calendar.walk("VEVENT")] == [moment("2030-07-01T17:00")] * 3


def test_a_calendar_without_events_is_one_all_the_same() -> None:
    """RFC 5545, 3.4: at least one component."""
    calendar = Calendar.from_ical(calendars.written([], "en", "Events"))
    assert [component.name for component in calendar.subcomponents] == ["VTIMEZONE"]
    assert (calendar["NAME"], calendar["X-WR-CALNAME"], calendar["VERSION"]) == ("Events", "Events", "2.0")


def test_an_event_moved_or_renamed_keeps_its_uid(app: Flask) -> None:
    draft = events.Draft(
        slug="a", first_language="en", texts={"en": events.Text("A", "B", "C", "D")}, time_zone="UTC",
        starts_at=moment("2030-07-01T17:00"), published_at=moment("2029-07-01T17:00"),
    )  # fmt: skip
    events.save(draft, "a test")
    row = events.by_slug("a")
    assert row is not None
    uids = set()
    for change in (lambda: None, lambda: events.rename(row, "b", "a test"),
                   lambda: events.save(replace(draft, slug="b", time_zone="Asia/Kolkata"), "a test")):  # fmt: skip
        change()
        found = events.read("a", "en", moment("2030-01-01T00:00"))
        assert found is not None
        uids.add(str(entry(found)["UID"]))
    assert len(uids) == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Some *soft*\nwords & <b>.  \nBroken.", "Some soft words & <b>.\nBroken."),
        ("# One\n\nTwo", "One\n\nTwo"),
        ("- a\n- b [there](https://a.example/x)\n\nc", "- a\n- b there (https://a.example/x)\n\nc"),
        ("1. a\n\n   more\n2. b", "- a\n\nmore\n\n- b"),
        ("<https://a.example>", "https://a.example"),
        ("[home](/en/) [up](#up)", "home (http://localhost/en/) up"),
        ("[ask](mailto:a@b.example) ![x](/p.png)", "ask (a@b.example) x"),
    ],
)  # fmt: skip
def test_markdown_is_read_as_plain_text(source: str, said: str) -> None:
    assert plain(markdown.to_html(source), "http://localhost") == said
