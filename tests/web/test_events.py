"""Events as their readers find them: lists, one event, the file for a calendar, and none at all."""

import html
import re
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from time_machine import travel

from petition import events, running
from petition.base import db
from petition.events import Text
from tests.cast import Browser, Cast, moment

NOW = moment("2030-06-15T12:00")
ARABIC = {"ar": Text("اجتماع مفتوح", "تعالوا واسألوا.", "قاعة الميناء", "أحضروا *حساء*.")}


def words(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))).strip()


def in_spain(cast: Cast, slug: str = "open-evening", **changes: object) -> events.Event:
    """From seven to half past nine in the evening of 1 July 2030 in Madrid."""
    given = {"starts_at": moment("2030-07-01T17:00"), "ends_at": moment("2030-07-01T19:30"), "published_at": NOW}
    return cast.event(slug, **(given | changes))


def test_an_event_says_what_it_is_when_and_where(cast: Cast) -> None:
    in_spain(cast)
    with travel(NOW, tick=False):
        page = cast.browser().get("/en/events/open-evening").text
    assert "Monday, 1 July 2030, from 19:00 to 21:30" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert '<time datetime="2030-07-01T19:00+02:00">19:00</time>' in page
    assert '<time datetime="2030-07-01T21:30+02:00">21:30</time>' in page
    for said in ("Open evening", "Come and ask.", "Dock Hall", "Central European Summer Time (UTC+2)", "Bring soup ."):
        assert said in words(page)
    assert "cancelled" not in page.lower()
    assert "is over" not in page


def test_an_event_is_said_in_the_readers_language_with_its_own_way_of_writing_days(cast: Cast) -> None:
    in_spain(cast)
    with travel(NOW, tick=False):
        said = words(cast.browser().get("/es/events/open-evening").text)
    assert "lunes, 1 de julio de 2030" in said
    assert "hora de verano de Europa central (UTC+2)" in said
    assert "Tarde abierta" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ends_at": None}, "Monday, 1 July 2030, 19:00 Central"),
        ({"ends_at": moment("2030-07-03T10:00")}, "From Monday, 1 July 2030, 19:00, to Wednesday, 3 July 2030, 12:00"),
        ({"time_zone": "Asia/Kolkata"}, "From Monday, 1 July 2030, 22:30, to Tuesday, 2 July 2030, 01:00"),
    ],
)
def test_an_event_may_have_no_end_or_one_on_another_day(cast: Cast, changes: dict[str, object], said: str) -> None:
    in_spain(cast, **changes)
    with travel(NOW, tick=False):
        page = words(cast.browser().get("/en/events/open-evening").text)
    assert said in page.replace(" ,", ",")


def test_an_event_during_which_clocks_are_set_names_both_times(cast: Cast) -> None:
    in_spain(cast, starts_at=moment("2030-10-26T20:00"), ends_at=moment("2030-10-27T05:00"))
    with travel(NOW, tick=False):
        said = words(cast.browser().get("/en/events/open-evening").text)
    assert (
        "Central European Summer Time (UTC+2) at the beginning, Central European Standard Time (UTC+1) at the end"
    ) in said


def test_the_readers_own_time_waits_unseen_for_a_script_that_knows_it(cast: Cast) -> None:
    """Without the script the place's time stands alone, and is enough."""
    in_spain(cast)
    with travel(NOW, tick=False):
        page = cast.browser().get("/en/events/open-evening").text
    (line,) = re.findall(r'<p class="own-time"[^>]*></p>', page)
    assert " hidden " in line
    assert 'data-starts="2030-07-01T19:00+02:00"' in line
    assert "Your time: {day}, from {start} to {end} ({zone})" in line
    assert re.search(r'<script src="/static/[0-9a-f]+/when\.js" defer></script>', page)


def test_a_meeting_online_leads_there_and_tells_nobody_where_from(cast: Cast) -> None:
    in_spain(cast, online="https://meet.example/a?b=c&d=e")
    with travel(NOW, tick=False):
        page = cast.browser().get("/en/events/open-evening").text
    assert '<a href="https://meet.example/a?b=c&amp;d=e" rel="noopener noreferrer">' in page


def test_a_cancelled_event_says_so_in_its_title_heading_and_lists_and_no_longer_invites(cast: Cast) -> None:
    event = in_spain(cast, online="https://meet.example/a")
    events.cancel(event, "a test", "a secret reason")
    db.session.commit()
    with travel(NOW, tick=False):
        page = cast.browser().get("/en/events/open-evening").text
        listed = cast.browser().get("/en/events/").text
    assert "<title>Cancelled: Open evening" in page
    assert "Cancelled Open evening" in words(page)
    assert "does not take place" in page
    assert "secret" not in page + listed
    assert "meet.example" not in page
    assert "Put it into your calendar" not in page
    assert "Cancelled Open evening" in words(listed)


def test_a_past_event_says_so_and_leads_to_what_is_ahead(cast: Cast) -> None:
    in_spain(cast, online="https://meet.example/a")
    with travel(moment("2030-07-01T19:30"), tick=False):
        page = cast.browser().get("/en/events/open-evening").text
    assert "This event is over." in page
    assert 'href="/en/events/"' in page
    assert "meet.example" not in page
    assert "when.js" not in page


def test_an_event_brings_the_card_of_its_campaign_while_that_is_public(cast: Cast) -> None:
    campaign = cast.campaign()
    cast.event(campaign_id=campaign.id)
    assert "/en/campaigns/canteen" in cast.browser().get("/en/events/open-evening").text
    running.withdraw(cast.row(), "a test")
    db.session.commit()
    page = cast.browser().get("/en/events/open-evening")
    assert page.status_code == 200
    assert "canteen" not in page.text


def test_an_event_of_another_language_is_marked_and_has_an_address_of_its_own(cast: Cast) -> None:
    cast.event(texts=ARABIC, first_language="ar")
    page = cast.browser().get("/en/events/open-evening").text
    assert '<h1 lang="ar" dir="rtl">اجتماع مفتوح</h1>' in page
    assert "does not exist in your language" in page
    own = cast.browser().get("/ar/events/open-evening").text
    assert '<html lang="en" dir="rtl"' in own
    assert "does not exist in your language" not in own
    assert '<link rel="canonical" href="http://localhost/ar/events/open-evening">' in page
    assert cast.browser().get("/fr/events/open-evening").status_code == 404
    assert cast.browser().get("/ar/events/").status_code == 404


@pytest.mark.parametrize("suffix", ["", ".ics"])
def test_a_changed_slug_answers_with_the_new_one_and_what_is_not_public_with_404(cast: Cast, suffix: str) -> None:
    event = cast.event()
    events.rename(event, "open-house", "a test")
    db.session.commit()
    cast.event("x-later", published_at=db.now() + timedelta(hours=1))
    cast.event("x-never", published_at=None)
    client = cast.browser()
    moved = client.get("/en/events/open-evening" + suffix)
    assert (moved.status_code, moved.location) == (301, "/en/events/open-house" + suffix)
    answers = {slug: client.get(f"/en/events/{slug}{suffix}") for slug in ("x-later", "x-never", "x-none")}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.text.replace(slug, "") for slug, answer in answers.items()}) == 1


def test_the_list_shows_what_is_ahead_in_order_and_not_what_is_over_or_hidden(cast: Cast) -> None:
    for slug, days, at in (("b", 2, 0), ("a", 1, 0), ("old", -2, 0), ("hidden", 3, 1)):
        begins = db.now() + timedelta(days=days)
        cast.event(slug, starts_at=begins, ends_at=None, published_at=db.now() + timedelta(hours=at, seconds=-1))
    page = cast.browser().get("/en/events/").text
    assert re.findall(r'<h2><a href="/en/events/([^"]+)"', page) == ["a", "b"]
    past = cast.browser().get("/en/events/past").text
    assert re.findall(r'<h2><a href="/en/events/([^"]+)"', past) == ["old"]


def test_no_events_are_said_kindly_with_a_way_to_be_told_and_the_past_ones(cast: Cast) -> None:
    page = cast.browser().get("/en/events/").text
    assert "No events found" in page
    assert 'href="/en/events/tell-me"' in page
    assert 'href="/en/events/past"' in page
    assert cast.browser().get("/en/events/tell-me").status_code == 200
    assert "No event is over yet." in cast.browser().get("/en/events/past").text


def test_past_events_go_on_from_page_to_page_to_the_last_one(cast: Cast) -> None:
    for number in range(45):
        cast.event(f"e{number}", starts_at=db.now() - timedelta(days=number + 1), ends_at=None)
    seen: list[str] = []
    path: str | None = "/en/events/past"
    while path:
        page = cast.browser().get(path)
        assert page.status_code == 200
        found = re.findall(r'<h2><a href="/en/events/([^"]+)"', page.text)
        assert len(found) <= 20
        seen += found
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        path = older.group(1) if older else None
    assert seen == [f"e{number}" for number in range(45)]


@pytest.mark.parametrize("before", ["1", "0", "999999999999", "9999999999999999999999", "-1", "x"])
def test_a_page_behind_no_event_is_not_there(cast: Cast, before: str) -> None:
    assert cast.browser().get(f"/en/events/past/before/{before}").status_code == 404


def test_the_file_for_a_calendar_is_read_by_one(cast: Cast) -> None:
    in_spain(cast, texts=ARABIC, first_language="ar", online="https://meet.example/a")
    with travel(NOW, tick=False):
        answer = cast.browser().get("/en/events/open-evening.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'inline; filename="open-evening.ics"'
    (entry,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert entry["SUMMARY"] == "اجتماع مفتوح"
    assert (entry.start.astimezone(UTC), entry["STATUS"]) == (moment("2030-07-01T17:00"), "CONFIRMED")
    assert entry["URL"] == "http://localhost/en/events/open-evening"


def test_the_calendar_of_the_site_has_what_is_ahead_and_what_was_lately(cast: Cast) -> None:
    for slug, days in (("old", -31), ("late", -29), ("off", 1), ("next", 2)):
        cast.event(slug, starts_at=db.now() + timedelta(days=days), ends_at=None, cancelled=slug == "off")
    cast.event("hidden", published_at=None)
    answer = cast.browser().get("/es/events.ics")
    assert answer.headers["Content-Disposition"] == 'inline; filename="events.ics"'
    calendar = Calendar.from_ical(answer.data)
    found = [(str(one["URL"]).rpartition("/")[2], str(one["STATUS"])) for one in calendar.walk("VEVENT")]
    assert found == [("late", "CONFIRMED"), ("off", "CANCELLED"), ("next", "CONFIRMED")]
    assert str(calendar.walk("VEVENT")[0]["SUMMARY"]) == "Tarde abierta"


def test_a_calendar_without_events_is_one_that_programs_can_read(cast: Cast) -> None:
    answer = cast.browser().get("/en/events.ics")
    assert (answer.status_code, len(Calendar.from_ical(answer.data).walk("VEVENT"))) == (200, 0)


@pytest.mark.parametrize(
    "path", ["/en/events.ics", "/en/events/open-evening.ics", "/en/events/", "/en/events/open-evening"]
)
def test_who_asks_again_hears_that_nothing_changed(make_app: Callable[..., Flask], path: str) -> None:
    app = make_app(page_cache=0.5)
    with app.app_context():
        Cast(app).event()
        client = Browser(app, use_cookies=False)
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


def test_the_query_changes_nothing_on_a_page_of_events(cast: Cast) -> None:
    cast.event()
    client = cast.browser()
    for path in ("/en/events/", "/en/events/past", "/en/events/open-evening", "/en/events.ics"):
        assert client.get(path).data == client.get(path + "?before=1&language=es&source=x").data
