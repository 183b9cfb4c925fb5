"""How the pages look and feel, in a real Chromium, on the gallery's pages (look.md, "Budgets")."""

import gzip
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from petition.web import style
from tests.browser.gallery import PAGES, running

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The letters' frame in the trial set-up holds a page of its own; everything else is looked at whole.
AXE = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"], "iframes": False}
# All that can differ between light and dark.
COLOURS = AXE | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and not os.environ.get("CI"),
    reason="Chromium is not installed (Debian: apt install chromium)",
)


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of a phone, in which anything said on the console is a fault."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert said == []


def faults(page: Page, options: dict[str, Any] = AXE) -> list[str]:
    """What axe finds, one line each."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:120]} {node['failureSummary']}" for one in found for node in one["nodes"]]


def box_of(page: Page, selector: str) -> dict[str, float]:
    """Where a thing stands in the window, which must show it."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return {"y": box["y"], "width": box["width"], "height": box["height"]}


def foot_of(page: Page, selector: str) -> float:
    """How far down a thing ends."""
    box = box_of(page, selector)
    return box["y"] + box["height"]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_page_light_and_dark_in_both_directions(name: str, gallery: str, page: Page) -> None:
    for lang in ("en", "ar"):
        page.goto(f"{gallery}/{name}?page={lang}")
        assert faults(page) == [], lang
        page.emulate_media(color_scheme="dark")
        assert faults(page, COLOURS) == [], f"{lang}, dark"
        page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("light", ["light", "dark"])
def test_axe_is_awake(light: Any, gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/campaign")
    page.emulate_media(color_scheme=light)
    page.evaluate("""() => { const one = document.querySelector(".to");
        one.style.color = "#888"; one.style.background = "#777";
        document.querySelector("#f-name").id = "lost" }""")
    assert {one.split(":")[0] for one in faults(page)} == {"color-contrast", "label"}
    assert {one.split(":")[0] for one in faults(page, COLOURS)} == {"color-contrast"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_without_scrolling_sideways_on_the_narrowest_screen(name: str, gallery: str, page: Page) -> None:
    for lang in ("en", "ar"):
        page.goto(f"{gallery}/{name}?page={lang}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 740})
            too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert too_wide == 0, f"{width}, {lang}"


@pytest.mark.parametrize("name", PAGES)
def test_what_is_pressed_is_large_enough_for_a_thumb(name: str, gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/{name}")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    small = page.evaluate("""() => [...document.querySelectorAll("button, .button, summary, nav a, input, select")]
        .filter(one => one.type !== "hidden" && !one.closest("[hidden], .extra"))
        .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 24 || box.width < 24).map(([html]) => html)""")
    assert small == []


def test_the_campaign_page_can_be_read_and_signed_after_two_small_requests(gallery: str, page: Page) -> None:
    sizes: dict[str, int] = {}
    page.on("response", lambda response: sizes.update({response.url: len(gzip.compress(response.body(), 6))}))
    page.goto(f"{gallery}/campaign-all", wait_until="networkidle")
    needed = [size for url, size in sizes.items() if not url.endswith((".js", ".svg"))]
    assert len(needed) == 2
    assert sum(needed) <= 14_000
    assert sum(sizes.values()) <= 30_000
    assert all(url.startswith(gallery) for url in sizes)


@pytest.mark.parametrize("path", sorted(style.FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_a_script_is_under_three_kilobytes(path: Path) -> None:
    assert len(path.read_bytes()) < 3_000


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_inline_style_no_inline_script_and_loads_nothing_from_elsewhere(
    name: str, gallery: str, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{gallery}/{name}")
    assert [url for url in asked if not url.startswith(gallery)] == []
    source = page.request.get(f"{gallery}/{name}").text()
    assert not re.search(r"<[^>]+\s(style|on\w+)=", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)


def test_the_sign_bar_waits_below_and_never_covers_the_form(gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/campaign-all")
    assert foot_of(page, ".bar") == 740, "at the bottom of the window at first"
    page.locator("form button").scroll_into_view_if_needed()
    assert foot_of(page, ".bar") <= box_of(page, "form")["y"]


def test_the_form_is_in_the_first_window_of_a_wide_screen_and_stays_while_reading(gallery: str, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{gallery}/campaign")
    assert foot_of(page, "form button") < 900
    page.evaluate("window.scrollTo(0, 700)")
    assert page.evaluate("window.scrollY") > 300
    assert box_of(page, "form")["y"] >= 0
    assert foot_of(page, "form") <= 900


def test_a_form_taller_than_the_window_is_reached_to_its_end(gallery: str, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(f"{gallery}/campaign-wrong")
    assert foot_of(page, "#errors") <= box_of(page, "form")["y"]
    page.locator("form button").scroll_into_view_if_needed()
    assert box_of(page, "form button")["y"] >= 0
    assert foot_of(page, "form button") <= 500


def test_a_form_that_is_wrong_puts_the_focus_on_its_summary_without_any_script(gallery: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{gallery}/campaign-wrong")
    assert page.locator("#errors:focus").count() == 1
    page.locator("#errors a").first.click()
    assert page.locator("#f-name:focus").count() == 1
    assert page.locator("#f-email").input_value() == "ana@gmial.com"
    assert page.locator("#f-country option:checked").inner_text().strip() == "Ireland"
    context.close()


def test_the_script_says_what_is_missing_before_anything_is_sent(gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/campaign-all")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("form button").click()
    assert page.locator("#errors:focus li").all_inner_texts() == [
        "Type your name.", "Type your e-mail address.", "Choose your country."
    ]  # fmt: skip
    assert page.locator("#f-name").get_attribute("aria-describedby") == "e-name"
    assert sent == []
    assert faults(page) == []
    page.locator("#f-name").fill("Ana")
    page.locator("form button").click()
    assert page.locator("#errors li").count() == 2
    assert page.locator("#e-name").count() == 0


def test_a_form_is_sent_once_and_works_again_when_one_comes_back(gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/campaign")
    for field, value in (("name", "Ana"), ("email", "ana@example.org")):
        page.locator(f"#f-{field}").fill(value)
    page.locator("#f-country").select_option("IE")
    page.evaluate("document.forms[0].addEventListener('submit', event => event.preventDefault())")
    page.locator("form button").click()
    assert page.locator("form button").is_disabled()
    assert page.locator("form button").inner_text() == "Sending…"
    page.evaluate("window.dispatchEvent(new Event('pageshow'))")
    assert page.locator("form button").is_enabled()


def test_the_trap_for_machines_is_out_of_everybodys_way(gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/campaign")
    trap = page.locator("[name=website]")
    assert trap.get_attribute("tabindex") == "-1"
    assert page.locator("[aria-hidden=true] [name=website]").count() == 1
    box = box_of(page, ".extra")
    assert (box["width"], box["height"]) == (1, 1)


def test_nothing_is_ticked_and_nobody_appears_in_public_unless_they_choose_to(gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/campaign-all")
    assert page.locator("form input:checked").count() == 0
    assert page.locator("#f-appear").input_value() == "hidden"


@pytest.mark.parametrize("name", ["campaign-all", "own-counted", "front"])
def test_a_page_is_walked_by_keyboard_alone_and_every_stop_is_seen(name: str, gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/{name}")
    wanted = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
        .filter(one => one.tabIndex >= 0 && one.type !== "hidden" && one.checkVisibility()).length""")
    stops = 0
    for _ in range(wanted):
        page.keyboard.press("Tab")
        seen = page.evaluate("""() => { const one = document.activeElement, box = one.getBoundingClientRect();
            return one !== document.body && getComputedStyle(one).outlineStyle !== "none" && box.bottom > 0
                && box.top < innerHeight }""")
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        stops += 1
    assert stops == wanted > 5


def test_print_shows_the_appeal_and_its_figures_and_no_form(gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/campaign")
    page.emulate_media(media="print", color_scheme="dark")
    for shown in ("h1", ".count strong", ".meter", ".text >> nth=0"):
        assert page.locator(shown).first.is_visible()
    for hidden in ("form", ".bar", ".masthead nav", ".foot nav"):
        assert not page.locator(hidden).first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("own")])
def test_the_own_page_leads_nowhere_but_here_and_puts_no_name_into_an_attribute(
    name: str, gallery: str, page: Page
) -> None:
    source = page.request.get(f"{gallery}/{name}").text()
    assert re.findall(r'(?:href|src|action)="(?:https?:)?//[^"]*"', source) == []
    assert '<meta name="referrer" content="no-referrer">' in source
    without_fields = re.sub(r"<(input|option)[^>]*>", "", source)
    assert not re.search(r'="[^"]*(Ngũgĩ|Müller|محمد)', without_fields)
    assert not re.search(r'autocomplete="(?!off)', source)


def test_a_letter_is_read_on_a_phone_in_light_and_dark(gallery: str, page: Page) -> None:
    page.goto(f"{gallery}/letter")
    lights: list[Any] = ["light", "dark"]
    for light in lights:
        page.emulate_media(color_scheme=light)
        assert [one for one in faults(page) if not one.startswith(("region", "landmark"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
