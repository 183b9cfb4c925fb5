"""A new organiser's ten minutes (issue 9): signed in, a campaign in public, a second language, a preview, a typo
mended, paused, closed with an outcome; on a phone with scripts off. And its pages, for everybody's eyes and hands."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from petition import teams
from petition.base import db
from tests import organisers
from tests.browser.conftest import PATIENCE, PHONE, TELL
from tests.browser.site import CREW, Site
from tests.browser.test_desk_people import corner, fits, press

SLUG = "open-the-night-kitchen"
PAGES = ("", "/texts", "/texts/en", "/texts/es", "/words", "/words/ar", "/look", "/form", "/terms", "/first",
         "/embedding", "/run", "/run/close", "/run/withdraw", "/run/outcome", "/preview/en", "/journal")  # fmt: skip


def cookie(site: Site, name: str, role: str | None, slug: str = "") -> dict[str, Any]:
    """The cookie of somebody signed in with both factors; how one signs in is walked in test_desk_people."""
    with site.app.app_context():
        account, secret = organisers.enrol(name)
        organisers.grant(account, role, site.cast.reading(slug).id if slug else None)
        desk = organisers.signed_in(site.app, site.cast.browser_with_cookies(), account, secret)
        name = organisers.desk_of(site.app).config["SESSION_COOKIE_NAME"]
        found = desk.client.get_cookie(name, path="/desk")
        db.session.remove()
    return {"name": name, "value": found.value, "domain": "localhost", "path": "/desk"}


@pytest.fixture
def window(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens a phone's window for somebody who is signed in."""
    opened = []

    def open_one(who: dict[str, Any], **options: Any) -> Page:
        context = browser.new_context(
            **({"viewport": PHONE, "base_url": site.url, "reduced_motion": "reduce"} | options)
        )
        context.add_cookies([who])
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        return context.new_page()

    yield open_one
    for context in opened:
        context.close()


def test_a_new_organiser_writes_publishes_and_runs_a_campaign_in_ten_minutes(
    window: Callable[..., Page], site: Site
) -> None:
    page = window(cookie(site, "Nadia", teams.ORGANISER), java_script_enabled=False)
    public = window(cookie(site, "Nadia", None), java_script_enabled=False)
    page.goto("/desk/")
    page.get_by_role("link", name="Start a campaign").click()
    page.get_by_label("Title").fill("Open the night kitchen")
    page.get_by_label("To whom", exact=True).fill("the Harbour Council")
    page.get_by_label("In short").fill("Who works at night eats cold food.")
    page.get_by_label("The appeal").fill("Open the *kitchen*.\n\n- at nigt\n- for all")
    page.get_by_label("How to write to them").fill("list@kitchen.example")
    press(page, "Preview")
    phone = page.frame_locator("iframe.phone")
    assert phone.get_by_role("heading", level=1).text_content() == "Open the night kitchen"
    expect(phone.get_by_text("at nigt")).to_be_visible()
    press(page, "Save")
    expect(page.get_by_text("you are its owner")).to_be_visible()
    page.get_by_role("link", name="Publish it").click()
    press(page, "Publish the campaign")
    public.goto(f"/en/campaigns/{SLUG}")
    expect(public.get_by_label("E-mail address")).to_be_visible()

    # The second language, then the typo in the first one.
    corner(page, "Write", "Texts")
    page.get_by_label("Language").select_option("es")
    press(page, "Write the text")
    page.get_by_label("Title").fill("Abran la cocina de noche")
    page.get_by_label("To whom").fill("el Consejo del Puerto")
    page.get_by_label("In short").fill("Quien trabaja de noche come frío.")
    page.get_by_label("The appeal").fill("Abran la *cocina*.")
    press(page, "Save")
    page.goto(f"/desk/campaigns/{SLUG}/texts/en")
    page.get_by_label("The appeal").fill("Open the *kitchen*.\n\n- at night\n- for all")
    press(page, "Save")
    public.reload()
    expect(public.get_by_text("at night", exact=True)).to_be_visible()
    public.get_by_role("link", name="Español").first.click()
    assert public.get_by_role("heading", level=1).text_content() == "Abran la cocina de noche"

    corner(page, "Lead", "Run")
    page.get_by_role("link", name="Pause").click()
    press(page, "Pause the campaign")
    expect(page.get_by_role("link", name="Say why. It is kept in the journal.")).to_be_visible()
    page.get_by_label("Why").fill("a false list is going round")
    press(page, "Pause the campaign")
    public.goto(f"/en/campaigns/{SLUG}")
    expect(public.get_by_role("heading", name="Signing is paused")).to_be_visible()
    page.get_by_role("link", name="Resume").click()
    press(page, "Resume the campaign")
    page.get_by_role("link", name="Close").click()
    page.get_by_label("Why").fill("they opened it")
    press(page, "Close the campaign")
    page.get_by_role("link", name="Outcome").click()
    page.get_by_label("English").fill("The kitchen is open from Monday on.")
    press(page, "Save")
    public.reload()
    expect(public.get_by_text("The kitchen is open from Monday on.")).to_be_visible()


def test_the_pages_of_a_campaign_are_usable_by_all_on_a_phone_and_wide_light_and_dark(
    window: Callable[..., Page], site: Site
) -> None:
    """axe finds nothing, nothing scrolls sideways at 320 px, nothing breaks the content security policy."""
    page = window(cookie(site, "Olga", teams.OWNER, CREW))
    newcomer = window(cookie(site, "Nadia", teams.ORGANISER))
    said: list[str] = []
    for one in (page, newcomer):
        one.context.add_init_script(TELL)
        one.on("console", lambda message: said.append(message.text))
    problems = []
    looked = [(page, f"/desk/campaigns/{CREW}{path}") for path in PAGES]
    for one, path in [*looked, (newcomer, "/desk/campaigns/new")]:
        for scheme, width in (("light", 320), ("dark", 1280)):
            one.set_viewport_size({"width": width, "height": 740})
            one.emulate_media(color_scheme=scheme)
            one.goto(path)
            if not fits(one):
                problems.append((path, width, "sideways"))
            found = Axe().run(one, options={"iframes": False}).response["violations"]
            problems += [(path, scheme, v["id"], [node["html"][:90] for node in v["nodes"]]) for v in found]
    assert problems == []
    # The frames of a preview run no scripts, and say so.
    assert [one for one in said if "sandboxed" not in one] == []


def test_the_second_of_two_editors_brings_both_texts_together_by_hand(window: Callable[..., Page], site: Site) -> None:
    path = f"/desk/campaigns/{CREW}/texts/es"
    ana, ben = (window(cookie(site, name, teams.OWNER, CREW)) for name in ("Ana", "Ben"))
    for one in (ana, ben):
        one.goto(path)
    ana.get_by_label("In short").fill("Lo que escribió Ana.")
    press(ana, "Save")
    ben.get_by_label("In short").fill("Lo que escribió Ben.")
    press(ben, "Save")
    expect(ben.get_by_role("heading", name="Somebody else saved meanwhile")).to_be_visible()
    expect(ben.get_by_text("Lo que escribió Ana.")).to_be_visible()
    assert ben.get_by_label("In short").input_value() == "Lo que escribió Ben."
    assert Axe().run(ben).response["violations"] == []
    ben.get_by_label("In short").fill("Lo que escribieron Ana y Ben.")
    press(ben, "Save")
    expect(ben.get_by_text("The text is saved")).to_be_visible()


def test_every_picture_has_its_table_which_can_be_unfolded_and_read_on_a_phone(
    window: Callable[..., Page], site: Site
) -> None:
    """Issue 10: without colour, without sight, without a mouse; nothing scrolls sideways but the tables themselves."""
    page = window(cookie(site, "Flor", teams.FIGURES, CREW))
    problems = []
    for scheme, width in (("light", 320), ("dark", 1280)):
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"/desk/campaigns/{CREW}")
        unfold = page.locator("main :not(.groups) > details > summary")
        for place in range(unfold.count()):
            unfold.nth(place).press("Enter")
        assert page.locator("main table:visible").count() == unfold.count() > 8
        expect(page.get_by_role("img", name="The last 30 days")).to_be_visible()
        if not fits(page):
            problems.append((width, "sideways"))
        found = Axe().run(page).response["violations"]
        problems += [(scheme, v["id"], [node["html"][:90] for node in v["nodes"]]) for v in found]
    assert problems == []
