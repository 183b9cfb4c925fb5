"""The whole way of a signature in a real Chromium: by hand, by keyboard, without script, in three languages."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import ARTICLE, CREW, Site
from tests.browser.test_look import sideways

CAMPAIGN = f"/en/campaigns/{CREW}"
SHOWN = [CAMPAIGN, f"/es/campaigns/{CREW}", f"/ar/campaigns/{CREW}", f"/en/articles/{ARTICLE}", "/en/", "/es/"]
#: How soon a total that has changed stands on every page (S01, S51).
SECONDS = 2.0


def path(page: Page) -> str:
    """Where the window is."""
    return re.sub(r"^https?://[^/]+", "", page.url)


def shown_total(source: str) -> set[int]:
    """Every figure on a page that says how many have signed this campaign."""
    figures = re.findall(r'<(?:strong|b|span class="figure")>([\d.,\u00a0 ]+)<', source)
    return {int(re.sub(r"\D", "", figure)) for figure in figures}


def everywhere(page: Page, total: int, pressed: float) -> None:
    """Whatever page is asked for two seconds after the button was pressed shows the total, and mostly sooner."""
    for address in SHOWN:
        asked = time.monotonic()
        while total not in shown_total(page.request.get(address).text()):
            assert asked < pressed + SECONDS, f"{address} does not show {total}"
            time.sleep(0.1)
            asked = time.monotonic()


def fill(page: Page, email: str, name: str) -> None:
    """Type into the form what somebody would."""
    page.locator("#f-name").fill(name)
    page.locator("#f-email").fill(email)
    page.locator("#f-country").select_option("IE")
    page.locator("#f-place").fill("Cork")


def sign(page: Page, email: str, name: str) -> None:
    """From the campaign's page to "check your inbox"."""
    fill(page, email, name)
    page.locator("main form button").click()
    page.wait_for_url("**/inbox/*")
    assert "@" not in path(page)
    assert email.partition("@")[0] not in path(page), "no address in an address"
    expect(page.locator(".who")).to_have_text(email)


def read_kept_letter(page: Page, email: str) -> None:
    """From "check your inbox" over the page of kept letters to the own page, as in the trial set-up."""
    page.locator("a[href^='/kept/']").click()
    row = page.locator(".ledger li").filter(has_text=email)
    patience = time.monotonic() + 30
    while not row.count() and time.monotonic() < patience:
        page.reload()
    row.locator("a").first.click()
    page.locator("pre a[href*='/t/']").first.click()
    page.wait_for_url("**/t/*")


def confirm_and_leave(page: Page, site: Site, name: str, start: int) -> None:
    """From the own page over thanks back to the own page: corrected, then withdrawn."""
    own = path(page).partition("?")[0]
    expect(page.locator(".who")).to_have_text(name)
    assert sideways(page) == 0
    assert site.total() == start
    pressed = time.monotonic()
    page.locator("form[action$='/confirm'] button").click()
    page.wait_for_url("**/thanks/*")
    assert own.rpartition("/")[2] not in page.url
    assert start + 1 in shown_total(page.content())
    everywhere(page, start + 1, pressed)
    assert sideways(page) == 0
    page.goto(own)
    page.locator("details:has([action$='/correct']) summary").click()
    page.locator("#f-name").fill("Corrected Name")
    page.locator("[action$='/correct'] button").click()
    expect(page.locator("[role=status]")).to_be_visible()
    expect(page.locator(".who").first).to_have_text("Corrected Name")
    assert site.total() == start + 1
    page.locator("details:has([action$='/withdraw']) summary").click()
    pressed = time.monotonic()
    page.locator("[action$='/withdraw'] button").click()
    expect(page.locator("form")).to_have_count(0)
    everywhere(page, start, pressed)
    answer = page.goto(own)
    assert answer is not None
    assert answer.status == 404, "old links are dead"


def from_the_front(page: Page, language: str) -> None:
    """From the front page to an article, in which the form of its campaign stands."""
    page.goto(f"/{language}/")
    page.locator(f"a[href='/{language}/articles/{ARTICLE}']").click()
    page.wait_for_url("**/articles/*")
    assert sideways(page) == 0


@pytest.mark.parametrize(
    ("language", "options"),
    [
        ("en", {}),
        ("en", {"viewport": {"width": 320, "height": 568}}),
        ("en", {"java_script_enabled": False}),
        ("es", {"locale": "es-MX"}),
    ],
    ids=["by hand", "320 px", "without script and cookies", "Spanish"],
)
def test_somebody_reads_an_article_signs_confirms_corrects_and_withdraws(
    language: str,
    options: dict[str, object],
    site: Site,
    open_page: Callable[..., Page],
    request: pytest.FixtureRequest,
) -> None:
    page = open_page(**options)
    email, start = f"walk.{'.'.join(request.node.callspec.id.split())}@example.org", site.total()
    from_the_front(page, language)
    sign(page, email, "Ngũgĩ wa Thiong’o")
    assert page.locator("html").get_attribute("lang") == language
    # Cookies are refused by there being none: the watch over the window holds that at its end.
    assert page.context.cookies() == []
    assert site.total() == start
    read_kept_letter(page, email)
    assert page.locator("html").get_attribute("lang") == language
    confirm_and_leave(page, site, "Ngũgĩ wa Thiong’o", start)


def test_somebody_signs_on_the_arabic_page_from_right_to_left(site: Site, page: Page) -> None:
    start = site.total()
    page.goto(f"/ar/campaigns/{CREW}")
    speaks_arabic(page)
    sign(page, "arabi@example.org", "محمد الأمين")
    speaks_arabic(page)
    link = re.search(r"/t/\S+", site.letter("arabi@example.org").text)
    assert link
    page.goto(link[0])
    speaks_arabic(page)
    confirm_and_leave(page, site, "محمد الأمين", start)


def speaks_arabic(page: Page) -> None:
    """The page is in the campaign's own words and laid out for them."""
    html = page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("ar", "rtl")
    assert re.search("[\u0600-\u06ff]", page.title())


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until a thing has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"no way to {selector} by keyboard")


def test_all_of_it_is_done_by_keyboard_alone(site: Site, page: Page) -> None:
    email, start = "keys@example.org", site.total()
    page.goto("/en/")
    tab_to(page, f"a[href='/en/articles/{ARTICLE}']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/*")
    for selector, typed in (("#f-name", "Ana"), ("#f-email", email), ("#f-country", "Irel")):
        tab_to(page, selector)
        page.keyboard.type(typed)
    assert page.locator("#f-country").input_value() == "IE"
    tab_to(page, "form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/*")
    link = re.search(r"/t/\S+", site.letter(email).text)
    assert link
    page.goto(link[0])
    tab_to(page, "[action$='/confirm'] button")
    pressed = time.monotonic()
    page.keyboard.press("Space")
    page.wait_for_url("**/thanks/*")
    everywhere(page, start + 1, pressed)
    page.goto(link[0])
    tab_to(page, "details:has([action$='/withdraw']) summary")
    page.keyboard.press("Enter")
    tab_to(page, "[action$='/withdraw'] button")
    pressed = time.monotonic()
    page.keyboard.press("Enter")
    page.wait_for_url("**/withdraw")
    everywhere(page, start, pressed)


def test_a_press_in_two_windows_counts_once_and_says_the_same(site: Site, open_page: Callable[..., Page]) -> None:
    first, second = open_page(), open_page()
    start = site.total()
    first.goto(CAMPAIGN)
    sign(first, "two@example.org", "Ana")
    link = re.search(r"/t/\S+", site.letter("two@example.org").text)
    assert link
    said = []
    for window in (first, second):
        window.goto(link[0])
    for window in (first, second):
        window.locator("form[action$='/confirm'] button").click()
        window.wait_for_url("**/thanks/*")
        said.append(window.locator("main").inner_text())
    assert said[0] == said[1]
    assert site.total() == start + 1
