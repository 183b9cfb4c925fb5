"""A campaign on other sites, in a real Chromium: their pages have another origin, third-party cookies are blocked."""

import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from petition import framing
from petition.base import db
from petition.framing import LISTED, NOWHERE, Allowed
from petition.web.looks import Look
from tests.browser.conftest import CHROMIUM, PATIENCE, QUIET
from tests.browser.site import CREW, ENDED, GARDEN, Site
from tests.browser.test_look import AXE

FRAME = f"/embed/en/campaigns/{GARDEN}"
#: Keeps what every frame tells the page around it, before the loader hears it.
HEARD = "window.heard = []; addEventListener('message', one => heard.push([one.origin, JSON.stringify(one.data)]))"


@dataclass
class Host:
    """Somebody else's site: pages by path, each with headers of its own."""

    port: int
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Another origin than the site's, and another site: a number, not a name."""
        return f"http://127.0.0.1:{self.port}"

    def page(self, body: str, head: str = "", direction: str = "ltr", **headers: str) -> str:
        """Put up a page; its address."""
        path = f"/{len(self.pages)}"
        text = f'<!doctype html><html dir="{direction}" lang="en"><head><meta charset="utf-8"><title>Host</title>{head}'
        text += f'<meta name="viewport" content="width=device-width"></head><body>{body}</body></html>'
        self.pages[path] = text, {name.replace("_", "-"): value for name, value in headers.items()}
        return self.url + path


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that serves what a test puts up."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text, headers = served.pages.get(self.path, ("", {}))
            self.send_response(200 if text else 404)
            for name, value in ({"Content-Type": "text/html; charset=utf-8"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_said: Any) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Host(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def strict(browser: Browser) -> Iterator[Browser]:
    """The same Chromium, which blocks third-party cookies."""
    started = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=[*QUIET, "--test-third-party-cookie-phaseout"]
    )
    yield started
    started.close()


@pytest.fixture
def context(strict: Browser) -> Iterator[BrowserContext]:
    """Windows of a phone that remember nothing."""
    made = strict.new_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    made.set_default_timeout(PATIENCE)
    yield made
    assert made.cookies() == [], "C8"
    assert made.storage_state()["origins"] == []
    made.close()


def framed(page: Page, place: int = 0) -> FrameLocator:
    """One of a page's frames."""
    return page.frame_locator(f"iframe >> nth={place}")


def fill(frame: FrameLocator, email: str) -> None:
    """Type into the form what it must have."""
    frame.locator("[name=name]").fill("Ana Beltrán")
    frame.locator("[name=email]").fill(email)
    country = frame.locator("[name=country]")
    if country.count():
        country.select_option("IE")


def bare(site: Site, path: str = FRAME, more: str = "") -> str:
    """The snippet without a script."""
    return f'<iframe src="{site.url}{path}" title="The appeal" width="100%" height="900" {more}></iframe>'


def linked(site: Site, path: str = f"/en/campaigns/{GARDEN}", more: str = "") -> str:
    """The snippet with the loader."""
    loader = f'<script async src="{site.url}/embed/1/loader.js"></script>'
    return f'<p><a href="{site.url}{path}" data-petition {more}>Sign the appeal</a></p>{loader}'


def height(page: Page, place: int = 0) -> int:
    """How high a frame stands on its host's page."""
    box = page.locator("iframe").nth(place).bounding_box()
    return round(box["height"]) if box else 0


def fits(page: Page, place: int = 0) -> bool:
    """Whether a frame has the height of its page."""
    handle = page.locator("iframe").nth(place).element_handle()
    inside = handle.content_frame() if handle else None
    if inside is None:
        return False
    inner = inside.evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
    return bool(inner > 100 and abs(inner - height(page, place)) <= 1)


def until(page: Page, ready: Any) -> None:
    """Wait for something to come true."""
    for _ in range(200):
        if ready():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came")


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-forms"', 'sandbox="allow-forms allow-scripts"'])
@pytest.mark.parametrize("script", [True, False])
def test_somebody_signs_on_another_site_in_any_sandbox_that_lets_forms_through(
    site: Site, host: Host, strict: Browser, sandbox: str, script: bool
) -> None:
    """S14, S60, D1: third-party cookies blocked, with and without script; errors and the inbox within the frame."""
    context = strict.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=script)
    page = context.new_page()
    page.goto(host.page(bare(site, more=sandbox)))
    frame = framed(page)
    email = f"framed-{len(sandbox)}-{script}@example.org".lower()
    fill(frame, "nobody@")
    frame.locator("form button").click()
    expect(frame.locator("#errors")).to_be_visible()
    assert frame.locator("[name=name]").input_value() == "Ana Beltrán"
    fill(frame, email)
    frame.locator("form button").click()
    expect(frame.locator("h1")).to_have_text("Check your inbox")
    expect(frame.get_by_text(email)).to_be_visible()
    assert page.url.startswith(host.url), "the page around it stays"
    letter = site.letter(email)
    assert "/embed/" not in letter.text
    assert context.cookies() == []
    context.close()


def test_a_frame_in_which_no_form_can_be_sent_leads_to_where_it_can(
    site: Site, host: Host, context: BrowserContext
) -> None:
    """D2: the way is there without script, always."""
    page = context.new_page()
    page.goto(host.page(bare(site, more='sandbox="allow-popups allow-popups-to-escape-sandbox"')))
    with context.expect_page() as opened:
        framed(page).get_by_role("link", name="Sign on the campaign’s own page").click()
    opened.value.wait_for_load_state()
    assert opened.value.url == f"{site.url}/en/campaigns/{GARDEN}#sign"
    assert opened.value.evaluate("window.opener") is None


def test_no_page_but_the_frame_can_be_framed_elsewhere(site: Site, host: Host, context: BrowserContext) -> None:
    """S60, D3: the campaign's page, the own page, log-in."""
    page = context.new_page()
    for path in (
        f"/en/campaigns/{GARDEN}",
        site.links["one"],
        "/desk/sign-in",
        "/en/",
        f"/en/campaigns/{GARDEN}/embed",
    ):
        page.goto(host.page(bare(site, path)))
        page.wait_for_timeout(100)
        assert page.frames[1].url.startswith("chrome-error:"), path


def test_a_campaign_is_framed_by_the_sites_of_its_list_alone(site: Site, host: Host, context: BrowserContext) -> None:
    """S60: Chromium reads the header as we mean it."""
    page = context.new_page()
    path = "/embed/en/campaigns/paused"
    shown = {}
    for name, allowed in {"listed": Allowed(LISTED, (host.url,)), "other": Allowed(LISTED, ("https://union.example",)),
                          "nowhere": Allowed(NOWHERE)}.items():  # fmt: skip
        with site.app.app_context():
            framing.allow(site.cast.row("paused"), allowed, "a test")
            db.session.commit()
            db.session.remove()
        page.wait_for_timeout(1500)
        page.goto(host.page(bare(site, path)))
        page.wait_for_timeout(200)
        shown[name] = not page.frames[1].url.startswith("chrome-error:")
    assert shown == {"listed": True, "other": False, "nowhere": False}


def test_the_loader_turns_a_link_into_a_frame_as_high_as_it_needs_to_be(
    site: Site, host: Host, context: BrowserContext
) -> None:
    """S61, C7: the page around hears heights and nothing else, whatever happens within."""
    page = context.new_page()
    page.goto(host.page("<p>" + "Above. " * 400 + "</p>" + linked(site), head=f"<script>{HEARD}</script>"))
    until(page, lambda: fits(page))
    expect(page.get_by_role("link", name="Sign the appeal")).not_to_be_visible()
    frame = framed(page)
    before = height(page)
    frame.locator("details summary").first.click()
    until(page, lambda: height(page) > before and fits(page))
    fill(frame, "loaded@example.org")
    frame.locator("form button").click()
    expect(frame.locator("h1")).to_have_text("Check your inbox")
    until(page, lambda: height(page) < before and fits(page))
    top = page.locator("iframe").evaluate("one => one.getBoundingClientRect().top")
    assert 0 <= top < 740, "nobody is left below its end"
    heard = page.evaluate("heard")
    assert {origin for origin, _said in heard} == {site.url}
    assert all(re.fullmatch(r'\{"petition":1,"height":\d+\}', said) for _origin, said in heard), heard
    assert page.locator("iframe").get_attribute("scrolling") is None


def test_two_embeds_on_a_page_do_not_fight(site: Site, host: Host, context: BrowserContext) -> None:
    """S61: each its own height, also where the loader stands twice."""
    page = context.new_page()
    more = 'data-size="compact" data-theme="dark" data-colour="#1F4F7A" data-text="none" data-language="es"'
    page.goto(host.page(linked(site) + linked(site, f"/en/campaigns/{CREW}", more) + linked(site)))
    until(page, lambda: all(fits(page, place) for place in range(3)))
    assert page.locator("iframe").count() == 3
    look = Look(True, "dark", "1f4f7a", True)
    sources = [page.locator("iframe").nth(place).get_attribute("src") for place in range(3)]
    assert sources == [site.url + FRAME, f"{site.url}/embed/es/campaigns/{CREW}/{look}", site.url + FRAME]
    heights = [height(page, place) for place in range(3)]
    assert heights[0] == heights[2] != heights[1]


@pytest.mark.parametrize(
    "trouble",
    ["refused", "not found", "not allowed", "other origin", "no campaign", "strange attribute"],
)
def test_the_link_stays_where_anything_fails(site: Site, host: Host, context: BrowserContext, trouble: str) -> None:
    """S61: a page of the host that frames nothing, an address that is gone, a campaign that allows no frame."""
    page = context.new_page()
    paths = {"not found": "/en/campaigns/none", "not allowed": "/en/campaigns/soon", "no campaign": "/en/"}
    body = linked(site, paths.get(trouble, f"/en/campaigns/{GARDEN}"))
    headers = {"Content_Security_Policy": f"frame-src 'none'; script-src {site.url}"} if trouble == "refused" else {}
    if trouble == "other origin":
        body = body.replace(f'href="{site.url}', 'href="http://elsewhere.example')
    if trouble == "strange attribute":
        body = body.replace("data-petition ", 'data-petition data-language="../../desk" ')
    if trouble == "not allowed":
        with site.app.app_context():
            framing.allow(site.cast.row("soon"), Allowed(NOWHERE), "a test")
            db.session.commit()
            db.session.remove()
        page.wait_for_timeout(1500)
    page.goto(host.page(body, **headers), wait_until="load")
    page.wait_for_timeout(700)
    expect(page.get_by_role("link", name="Sign the appeal")).to_be_visible()
    for place in range(page.locator("iframe").count()):
        assert not page.locator("iframe").nth(place).is_visible()


def test_the_loader_hears_nobody_but_its_own_frame(site: Site, host: Host, context: BrowserContext) -> None:
    """S61: not another frame, not the page itself; and no height is believed beyond measure."""
    page = context.new_page()
    liar = "<script>parent.postMessage({petition: 1, height: 4321}, '*')</script>"
    page.goto(host.page(linked(site) + f'<iframe title="x" srcdoc="{liar}"></iframe>'))
    page.wait_for_load_state()
    until(page, lambda: fits(page))
    before = height(page)
    page.evaluate("window.postMessage({petition: 1, height: 4321}, '*')")
    liars = next(one for one in page.frames if one.url == "about:srcdoc")
    liars.evaluate("parent.postMessage({petition: 1, height: 4321}, '*')")
    page.wait_for_timeout(200)
    assert height(page) == before
    inside = next(one for one in page.frames if one.url.startswith(site.url))
    for said, wanted in ((999_999, 10_000), (1, 100)):
        inside.evaluate("said => parent.postMessage({petition: 1, height: said}, '*')", said)
        until(page, lambda wanted=wanted: height(page) == wanted)
    for said in ("'900'", "-5", "NaN", "{}"):
        inside.evaluate(f"parent.postMessage({{petition: 1, height: {said}}}, '*')")
        inside.evaluate("parent.postMessage(null, '*')")
    page.wait_for_timeout(200)
    assert height(page) in (100, 900)


def test_a_host_with_a_strict_policy_needs_to_allow_us_and_nothing_inline(
    site: Site, host: Host, context: BrowserContext
) -> None:
    policy = f"default-src 'none'; script-src {site.url}; frame-src {site.url}; img-src {site.url}"
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    badge = f'<img src="{site.url}{FRAME}/badge.svg" alt="">'
    page.goto(host.page(linked(site) + badge, Content_Security_Policy=policy,
                        Cross_Origin_Resource_Policy="same-origin"))  # fmt: skip
    until(page, lambda: fits(page))
    assert page.locator("img").evaluate("one => one.naturalWidth") == 240
    assert [one for one in said if "favicon" not in one] == []


@pytest.mark.parametrize("look", ["", "/compact-dark", "/light-1f4f7a", "/notext"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_frame_is_for_everybody_in_a_narrow_column_from_either_side(
    site: Site, host: Host, context: BrowserContext, language: str, look: str
) -> None:
    """320 px, right to left, axe within the frame."""
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    path = f"/embed/{language}/campaigns/{CREW}{look}"
    direction = "rtl" if language == "ar" else "ltr"
    page.goto(host.page(f"<main><h1>Host</h1>{bare(site, path)}</main>", direction=direction))
    frame = page.frames[1]
    frame.wait_for_load_state()
    assert frame.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    found = Axe().run(page, options=AXE | {"iframes": True}).response["violations"]
    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


#: What WordPress puts around an answer of a site it does not know: this sandbox, and a word in the address by which it
#: knows its messages.
UNKNOWN = 'sandbox="allow-scripts" security="restricted" data-secret="Ab3dE6gH9j"'


@pytest.mark.parametrize("slug", [GARDEN, ENDED])
def test_where_wordpress_does_not_know_us_the_card_speaks_its_messages(
    site: Site, host: Host, context: BrowserContext, slug: str
) -> None:
    """The same address as everywhere: the frame finds out by itself, and the card's link goes by their message."""
    page = context.new_page()
    path = f"/embed/en/campaigns/{slug}#?secret=Ab3dE6gH9j"
    page.goto(host.page(bare(site, path, UNKNOWN), head=f"<script>{HEARD}</script>"))
    frame = framed(page)
    expect(frame.locator("form")).to_have_count(0)
    button = frame.get_by_role("link", name="Read")
    expect(button).to_be_visible()
    button.click()
    until(page, lambda: any('"message":"link"' in said for _origin, said in page.evaluate("heard")))
    heard = [said for _origin, said in page.evaluate("heard") if '"petition"' not in said]
    wanted = f'{{"message":"link","value":"{site.url}/en/campaigns/{slug}","secret":"Ab3dE6gH9j"}}'
    assert heard[-1] == wanted
    assert all(re.fullmatch(r'\{"message":"height","value":\d+,"secret":"Ab3dE6gH9j"\}', one) for one in heard[:-1])
    assert heard[:-1]
    assert page.url.startswith(host.url)


def test_whoever_looks_for_the_snippets_copies_them_from_a_page_that_shows_them(
    site: Site, strict: Browser, host: Host
) -> None:
    """From the campaign's page to another site, in which the form then stands."""
    context = strict.new_context(permissions=["clipboard-read", "clipboard-write"], base_url=site.url)
    page = context.new_page()
    page.goto(f"/en/campaigns/{GARDEN}")
    page.get_by_role("link", name="Put this campaign on your site").click()
    page.get_by_label("How much of it").select_option("compact")
    page.get_by_label("Light or dark").select_option("dark")
    page.get_by_role("button", name="Show it so").click()
    page.wait_for_url("**/embed/compact-dark#snippets")
    expect(page.frame_locator(".shown-frame").locator("form")).to_be_visible()
    page.locator("[data-copy]").first.click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    page.goto(host.page(copied))
    until(page, lambda: fits(page))
    assert page.main_frame.child_frames[0].url == f"{site.url}{FRAME}/compact-dark"
    context.close()
