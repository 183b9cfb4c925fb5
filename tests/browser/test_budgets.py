"""What the real campaign page costs somebody on an old phone and a slow line (look.md, "Budgets")."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.browser.site import CREW, GARDEN

#: Bytes on the wire with their headers, as Chromium counts them.
BEFORE_SIGNING, WHOLE_PAGE = 14_000, 30_000
REQUESTS = 2
#: 400 kbit/s and 400 ms for every way there and back.
SLOW_3G = {"offline": False, "downloadThroughput": 50_000, "uploadThroughput": 50_000, "latency": 400}
USABLE_MS = 3_000
PAGES = [f"/en/campaigns/{CREW}", f"/es/campaigns/{CREW}", f"/ar/campaigns/{CREW}", f"/en/campaigns/{GARDEN}"]


@contextmanager
def wire(page: Page) -> Iterator[tuple[CDPSession, dict[str, dict[str, Any]]]]:
    """What goes over the wire of a page, by request."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    seen: dict[str, dict[str, Any]] = {}
    session.on("Network.requestWillBeSent", lambda event: seen.update({event["requestId"]: {
        "url": event["request"]["url"], "kind": event.get("type", ""), "bytes": 0}}))  # fmt: skip
    session.on("Network.loadingFinished", lambda event: seen[event["requestId"]].update(
        {"bytes": event["encodedDataLength"]}))  # fmt: skip
    yield session, seen
    session.detach()


@pytest.mark.parametrize("address", PAGES)
def test_a_campaign_is_read_and_signed_after_two_requests_and_fourteen_kilobytes(address: str, page: Page) -> None:
    with wire(page) as (_session, seen):
        page.goto(address, wait_until="networkidle")
        whole = page.evaluate("performance.getEntriesByType('resource').map(one => one.renderBlockingStatus)")
    needed = [one for one in seen.values() if one["kind"] in ("Document", "Stylesheet", "Font")]
    assert [one["kind"] for one in needed] == ["Document", "Stylesheet"]
    assert len(needed) <= REQUESTS
    assert whole.count("blocking") == 1, "the style sheet alone holds up the first picture"
    assert all(one["bytes"] for one in needed)
    assert sum(one["bytes"] for one in needed) <= BEFORE_SIGNING
    assert sum(one["bytes"] for one in seen.values()) <= WHOLE_PAGE


def test_the_form_is_usable_within_three_seconds_on_a_slow_line(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.request.get(PAGES[0])
    with wire(page) as (session, _seen):
        session.send("Network.emulateNetworkConditions", SLOW_3G)
        page.goto(PAGES[0], wait_until="load")
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    assert painted > SLOW_3G["latency"], "the line was slow indeed"
    assert painted <= USABLE_MS
    assert ready <= USABLE_MS
    page.locator("#f-name").fill("Ana")
    assert page.locator("main form button").is_enabled()


def test_a_second_look_costs_the_page_alone(page: Page) -> None:
    page.goto(PAGES[0], wait_until="networkidle")
    page.goto(PAGES[1], wait_until="networkidle")
    sizes = page.evaluate("performance.getEntriesByType('resource').map(one => one.transferSize)")
    assert sizes
    assert all(size == 0 for size in sizes), "style and script come from the browser's own cache"
