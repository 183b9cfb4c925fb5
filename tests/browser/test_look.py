"""How the site looks and feels, in a real Chromium (look.md): for everybody's eyes, thumbs, screens and keyboards."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from petition.letters import preview
from petition.web import style
from tests.browser.site import CREW, ENDED, GARDEN, Site, pages

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The letters' frame in the trial set-up holds a page of its own; everything else is looked at whole.
AXE = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"], "iframes": False}
# All that can differ between light and dark.
COLOURS = AXE | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# Headings inside an article are its author's: "##" comes out as h3 right under the title, which is no WCAG fault.
WRITTEN = AXE | {"rules": {"heading-order": {"enabled": False}}}
CAMPAIGN = f"/en/campaigns/{CREW}"
PAGES = pages()
#: Pages that only a form leads to: the page it stands on, and what is done to it before it is sent past the script.
SENT = {
    "campaign, wrong": (CAMPAIGN, "form.email.value = 'ana@gmial'; form.place.value = 'Cork <b>'"),
    "campaign, wrong, Arabic": (f"/ar/campaigns/{CREW}", ""),
    "frame, wrong": (f"/embed/en/campaigns/{CREW}/compact", "form.email.value = 'ana@gmial'"),
    "frame, send again": (f"/embed/es/campaigns/{CREW}/dark", "form.token.value = 'old'; form.name.value = 'Ana'"),
    "frame, not open": (f"/embed/en/campaigns/{CREW}", f"form.action = '/embed/en/campaigns/{ENDED}'"),
    "send again": (CAMPAIGN, "form.token.value = 'old'; form.name.value = 'O’Brien'; form.comment.value = 'A\\nB'"),
    "send again, Spanish": (f"/es/campaigns/{CREW}", "form.token.value = 'old'"),
    "not open": (CAMPAIGN, f"form.action = '/en/campaigns/{ENDED}'"),
    "not open yet, Spanish": (CAMPAIGN, "form.action = '/es/campaigns/soon'"),
    "link, wrong": (CAMPAIGN + "/link", "form.email.value = 'a@b@c'"),
    "find link, wrong": ("/en/link", ""),
    "own, wrong": ("counted", "form.name.value = 'http://a'; form.comment.value = 'Because.'"),
    "endorse, wrong": (CAMPAIGN + "/endorse", "form.email.value = 'a@b@c'; form.homepage.value = 'ftp://x'"),
    "endorse, send again": (CAMPAIGN + "/endorse", "form.token.value = 'old'; form.office.value = 'a <b>'"),
    "backing, wrong": ("backing, confirmed", "form.office.value = ''; form.members.value = 'many'"),
    "gone": ("nothing", "form.action = form.action.replace('not-me', 'withdraw')"),
    "gone, Arabic": ("leaving", "form.action = form.action.replace('correct', 'withdraw')"),
    "news, ended": ("one", "form.action = form.action.replace('confirm', 'news')"),
}  # fmt: skip


def faults(page: Page, options: dict[str, Any] = AXE) -> list[str]:
    """What axe finds, one line each."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:120]} {node['failureSummary']}" for one in found for node in one["nodes"]]


def visit(name: str, site: Site, page: Page) -> None:
    """Open a page by its name."""
    if name in PAGES:
        page.goto(PAGES[name](site))
        return
    start, change = SENT[name]
    page.goto(site.links.get(start, start))
    with page.expect_navigation():
        page.evaluate(f"""() => {{ const form = document.querySelector("form[method=post]"); {change};
            HTMLFormElement.prototype.submit.call(form) }}""")


def box_of(page: Page, selector: str) -> dict[str, float]:
    """Where a thing stands in the window, which must show it."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return {"y": box["y"], "width": box["width"], "height": box["height"]}


def foot_of(page: Page, selector: str) -> float:
    """How far down a thing ends."""
    box = box_of(page, selector)
    return box["y"] + box["height"]


def sideways(page: Page) -> int:
    """By how much the page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


SMALL = """() => [...document.querySelectorAll("button, .button, summary, nav a, input, select, textarea")]
    .filter(one => one.type !== "hidden" && one.checkVisibility() && !one.closest(".extra"))
    .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
    .filter(([, box]) => box.height < 24 || box.width < 24).map(([html]) => html)"""


@pytest.mark.parametrize("name", [*PAGES, *SENT])
def test_a_page_is_for_everybody_light_and_dark_on_the_narrowest_screen_and_the_widest(
    name: str, site: Site, page: Page
) -> None:
    visit(name, site, page)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert faults(page, WRITTEN if name.startswith("article") else AXE) == []
    page.emulate_media(color_scheme="dark")
    assert faults(page, COLOURS) == [], "dark"
    page.emulate_media(color_scheme="light")
    # 320 by 256 is what a window of 1280 by 1024 shows at 400 %.
    for width, height in ((320, 256), (768, 740), (1280, 740)):
        page.set_viewport_size({"width": width, "height": height})
        assert sideways(page) == 0, width
        assert page.evaluate(SMALL) == [], "large enough for a thumb"


@pytest.mark.parametrize("light", ["light", "dark"])
def test_axe_is_awake(light: Any, page: Page) -> None:
    page.goto(CAMPAIGN)
    page.emulate_media(color_scheme=light)
    page.evaluate("""() => { const one = document.querySelector(".to");
        one.style.color = "#888"; one.style.background = "#777";
        document.querySelector("#f-name").id = "lost" }""")
    assert {one.split(":")[0] for one in faults(page)} == {"color-contrast", "label"}
    assert {one.split(":")[0] for one in faults(page, COLOURS)} == {"color-contrast"}


def test_a_letter_is_read_on_a_phone_in_light_and_dark(site: Site, page: Page) -> None:
    with site.app.app_context():
        letters = {kind: letter.html for kind, letter in preview.previews("en").items()}
    for kind, letter in letters.items():
        page.set_content(letter)
        lights: list[Any] = ["light", "dark"]
        for light in lights:
            page.emulate_media(color_scheme=light)
            found = faults(page, AXE if light == "light" else COLOURS)
            assert [one for one in found if not one.startswith(("region", "landmark"))] == [], kind
        assert sideways(page) == 0


@pytest.mark.parametrize("path", sorted(style.FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_a_script_is_under_three_kilobytes(path: Path) -> None:
    assert len(path.read_bytes()) < 3_000


def test_a_page_has_no_inline_style_and_no_inline_script(site: Site, page: Page) -> None:
    for name, path in PAGES.items():
        source = page.request.get(path(site)).text()
        assert not re.search(r"<[^>]+\s(style|on\w+)=", source), name
        # A block of data is none: no browser runs it.
        assert not re.search(r'<script(?![^>]*\ssrc=| type="application/ld\+json">)', source), name


def test_the_sign_bar_waits_below_and_never_covers_the_form(page: Page) -> None:
    page.goto(CAMPAIGN)
    assert foot_of(page, ".bar") == 740, "at the bottom of the window at first"
    page.locator("form button").scroll_into_view_if_needed()
    assert foot_of(page, ".bar") <= box_of(page, "form")["y"]


def test_the_form_is_in_the_first_window_of_a_wide_screen_and_stays_while_reading(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"/en/campaigns/{GARDEN}")
    page.evaluate("window.scrollTo(0, 700)")
    assert page.evaluate("window.scrollY") > 300
    assert box_of(page, "form")["y"] + box_of(page, "form")["height"] > 0
    page.locator("form button").scroll_into_view_if_needed()
    assert 0 <= box_of(page, "form button")["y"] <= 900


def test_a_form_taller_than_the_window_is_reached_to_its_end(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    visit("campaign, wrong", site, page)
    assert foot_of(page, "#errors") <= box_of(page, "form")["y"]
    page.locator("form button").scroll_into_view_if_needed()
    assert box_of(page, "form button")["y"] >= 0
    assert foot_of(page, "form button") <= 500


def test_the_trap_for_machines_is_out_of_everybodys_way(page: Page) -> None:
    page.goto(CAMPAIGN)
    trap = page.locator("[name=website]")
    assert trap.get_attribute("tabindex") == "-1"
    assert page.locator("[aria-hidden=true] [name=website]").count() == 1
    box = box_of(page, ".extra")
    assert (box["width"], box["height"]) == (1, 1)


def test_nothing_is_ticked_and_nobody_appears_in_public_unless_they_choose_to(page: Page) -> None:
    page.goto(CAMPAIGN)
    assert page.locator("form input:checked").count() == 0
    assert page.locator("#f-appear").input_value() == "hidden"


@pytest.mark.parametrize("name", ["campaign", "campaign, Arabic", "own, counted", "front", "article"])
def test_a_page_is_walked_by_keyboard_alone_and_every_stop_is_seen(name: str, site: Site, page: Page) -> None:
    visit(name, site, page)
    wanted = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
        .filter(one => one.tabIndex >= 0 && one.type !== "hidden" && one.checkVisibility()).length""")
    for _ in range(wanted):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
    assert wanted > 5


#: The focus is on something, ringed, in the window, and nothing lies over its middle.
SEEN = """() => { const one = document.activeElement, box = one.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, Math.max(box.top + box.height / 2, 1));
    return one !== document.body && getComputedStyle(one).outlineStyle !== "none" && box.bottom > 0
        && box.top < innerHeight && (!top || !top.closest(".bar") || !!one.closest(".bar")) }"""


def test_print_shows_the_appeal_and_its_figures_and_no_form(page: Page) -> None:
    page.goto(CAMPAIGN)
    page.emulate_media(media="print", color_scheme="dark")
    for shown in ("h1", ".count strong", ".meter", ".text >> nth=0", ".text >> nth=1"):
        expect(page.locator(shown).first).to_be_visible()
    for hidden in ("form", ".bar", ".masthead nav", ".foot nav", ".summary"):
        assert not page.locator(hidden).first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_print_shows_who_signed_and_no_search(page: Page) -> None:
    page.goto(CAMPAIGN + "/signatories")
    page.emulate_media(media="print")
    expect(page.locator(".people li").last).to_be_visible()
    expect(page.get_by_text("* in a personal capacity")).to_be_visible()
    for hidden in ("form", "main nav"):
        assert not page.locator(hidden).first.is_visible()


@pytest.mark.parametrize("name", ["campaign", "own, counted", "thanks"])
def test_controls_keep_their_edges_where_somebody_forces_colours(name: str, site: Site, page: Page) -> None:
    visit(name, site, page)
    page.emulate_media(forced_colors="active")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    bare = page.evaluate("""() => [...document.querySelectorAll("button, .button, input, select, textarea")]
        .filter(one => one.checkVisibility() && one.type !== "hidden" && !one.closest(".extra"))
        .filter(one => one.type !== "checkbox")
        .filter(one => { const look = getComputedStyle(one);
            return parseFloat(look.borderTopWidth) < 1 || look.borderTopStyle === "none"
                || look.borderTopColor === look.backgroundColor && look.color === look.backgroundColor })
        .map(one => one.outerHTML.slice(0, 90))""")
    assert bare == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("own")])
def test_the_own_page_leads_nowhere_but_here_and_puts_no_name_into_an_attribute(
    name: str, site: Site, page: Page
) -> None:
    source = page.request.get(PAGES[name](site)).text()
    assert re.findall(r'(?:href|src|action)="(?:https?:)?//[^"]*"', source) == []
    assert '<meta name="referrer" content="no-referrer">' in source
    without_fields = re.sub(r"<(input|option)[^>]*>", "", source)
    assert not re.search(r'="[^"]*(Ngũgĩ|محمد|Insulting|Nairobi)', without_fields)
    assert not re.search(r'autocomplete="(?!off)', source)


def test_the_thanks_page_offers_to_copy_the_address_where_the_browser_can(
    site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    visit("thanks", site, page)
    page.locator("[data-do=copy]").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site.url}/en/campaigns/{CREW}?source=share-copy"
