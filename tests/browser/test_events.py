"""An event as readers with other clocks, other eyes and other tongues meet it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

EVENT = "/en/events/open-house"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Africa/Nairobi", r"^Your time: \w+,? \d+ \w+ \d{4}, from 20:00 to 22:00 \(East Africa Time\)$"),
        (
            "Asia/Kolkata",
            r"^Your time: \w+,? \d+ \w+ \d{4}, from 22:30 to 00:30|^Your time: from .*, 22:30, to .*, 00:30",
        ),
        ("America/New_York", r"^Your time: .*, from 1[23]:00 to 1[45]:00 \(Eastern (Standard|Daylight) Time\)$"),
    ],
)
def test_a_reader_elsewhere_sees_the_time_by_their_own_clock_too(
    open_page: Callable[..., Page], zone: str, said: str
) -> None:
    page = open_page(timezone_id=zone)
    page.goto(EVENT)
    line = page.locator(".own-time")
    expect(line).to_be_visible()
    assert page.evaluate("([text, form]) => new RegExp(form).test(text)", [line.inner_text(), said]), line.inner_text()


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Europe/Berlin"])
def test_a_reader_whose_clock_shows_the_same_sees_the_time_once(open_page: Callable[..., Page], zone: str) -> None:
    page = open_page(timezone_id=zone)
    page.goto(EVENT)
    assert not page.locator(".own-time").is_visible()


def test_a_reader_in_spanish_reads_their_own_time_in_spanish(open_page: Callable[..., Page]) -> None:
    page = open_page(timezone_id="Africa/Nairobi")
    page.goto("/es/events/open-house")
    said = page.locator(".own-time").inner_text()
    assert "20:00" in said
    assert "hora de África oriental" in said
    assert "Your time" not in said


def test_without_a_script_the_time_of_the_place_stands_there_with_its_offset(open_page: Callable[..., Page]) -> None:
    page = open_page(timezone_id="Africa/Nairobi", java_script_enabled=False)
    page.goto(EVENT)
    assert not page.locator(".own-time").is_visible()
    assert "Central European" in page.locator("dl").inner_text()
    assert "(UTC+" in page.locator("dl").inner_text()


def test_an_event_is_heard_in_an_order_that_tells_it(open_page: Callable[..., Page]) -> None:
    """What it is, then when and where, then the rest; every heading and place in the page by a name."""
    page = open_page(timezone_id="Africa/Nairobi")
    page.goto(EVENT)
    headings = page.get_by_role("heading").all_inner_texts()
    assert [one for one in headings if one in ("Open evening", "When and where", "About this event")] == [
        "Open evening", "When and where", "About this event",
    ]  # fmt: skip
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["Open evening"]
    assert page.get_by_role("region", name="When and where").count() == 1
    heard = page.get_by_role("region", name="When and where").inner_text()
    places = [heard.index(word) for word in ("When", "Central European", "Your time", "Where", "Dock Hall", "Online")]
    assert places == sorted(places)
    assert page.get_by_role("navigation", name="More events").count() == 1


def test_a_list_of_events_is_heard_without_the_leaves_of_the_calendar(page: Page) -> None:
    page.goto("/en/events/")
    tree = page.locator("main ul.agenda").aria_snapshot()
    assert "Cancelled Open evening" in tree
    assert tree.count("listitem") == 6
    assert page.locator(".leaf").count() == page.locator(".leaf[aria-hidden=true]").count() == 6


def test_what_search_engines_read_is_data_that_no_policy_refuses_and_nothing_runs(page: Page) -> None:
    """A refusal would be said on the console, to which every window of these tests is held."""
    for path, kind in ((EVENT, "Event"), ("/en/articles/eleven-months-at-anchor", "NewsArticle")):
        page.goto(path)
        block = page.locator('script[type="application/ld+json"]').text_content() or ""
        assert page.evaluate("text => JSON.parse(text)['@type']", block) == kind
