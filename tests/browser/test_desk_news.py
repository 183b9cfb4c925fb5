"""Writing news at the desk, in a real browser: the way of an article from a draft to the trash and back."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from petition import articles, events, teams, topics
from petition.base import db
from tests import organisers
from tests.browser.conftest import PATIENCE, PHONE
from tests.browser.site import ENDED, Site
from tests.browser.test_desk_people import fits


class Jar:
    """Takes the cookie that signing in would set."""

    def __init__(self, url: str) -> None:
        self.url, self.cookie = url, {}

    def set_cookie(self, name: str, value: str, path: str) -> None:
        """Keep it for a browser."""
        self.cookie = {"name": name, "value": value, "url": self.url + path}


@pytest.fixture
def editor(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens windows in which an editor of the site is signed in."""
    opened = []

    def open_one(name: str = "Olga", language: str = "en", **options: Any) -> Page:
        with site.app.app_context():
            account, secret = organisers.enrol(name, language=language)
            organisers.grant(account, teams.SITE_EDITOR, None)
            jar = Jar(site.url)
            organisers.signed_in(site.app, jar, account, secret)
        context = browser.new_context(viewport=PHONE, base_url=site.url, reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE)
        context.add_cookies([jar.cookie])
        opened.append(context)
        return context.new_page()

    yield open_one
    for context in opened:
        context.close()


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()


def is_there(page: Page, path: str) -> int:
    """The status of a public page."""
    return page.request.get(path).status


def test_an_editor_writes_schedules_publishes_renames_trashes_and_restores_an_article(
    editor: Callable[..., Page], site: Site
) -> None:
    """Issue 9, with scripts off: about a campaign that has ended, in two languages."""
    page = editor(java_script_enabled=False)
    page.goto("/desk/articles")
    page.get_by_role("link", name="Write an article").click()
    english = page.get_by_role("group", name="English")
    english.get_by_label("Title").fill("The clinic stays open")
    english.get_by_label("In short").fill("The council has given in.")
    english.get_by_label(re.compile("^Text")).fill("It took *eleven* weeks.\n\n[campaign]\n\nThank you all.")
    page.get_by_label("Campaign", exact=False).first.select_option(ENDED)
    page.get_by_label("Another language").select_option("es")
    press(page, "Add this language")
    spanish = page.get_by_role("group", name="Spanish")
    spanish.get_by_label("Title").fill("La clínica sigue abierta")
    spanish.get_by_label("In short").fill("El ayuntamiento ha cedido.")
    spanish.get_by_label(re.compile("^Text")).fill("Fueron *once* semanas.\n\n[campaign]")

    # As readers would see it, and everything back.
    press(page, "Preview in Spanish")
    shown = page.frame_locator("iframe").first
    expect(shown.get_by_role("heading", level=1)).to_have_text("La clínica sigue abierta")
    expect(shown.get_by_role("main")).to_contain_text("Fueron once semanas.")
    press(page, "Go on writing")
    expect(english.get_by_label("Title")).to_have_value("The clinic stays open")

    # A draft, then scheduled, then public.
    press(page, "Save")
    expect(page.get_by_role("status")).to_have_text("It is saved.")
    public = "/es/articles/the-clinic-stays-open"
    assert is_there(page, public) == 404
    page.get_by_label("From a moment on").check()
    page.get_by_role("textbox", name="Moment").fill((db.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Time zone").fill("Europe/Madrid")
    press(page, "Save")
    expect(page.get_by_text("Scheduled")).to_be_visible()
    assert is_there(page, public) == 404
    page.get_by_label("From now on").check()
    press(page, "Save")
    expect(page.get_by_text("Public", exact=True)).to_be_visible()
    page.goto(public)
    expect(page.get_by_role("heading", level=1)).to_have_text("La clínica sigue abierta")
    page.go_back()

    page.get_by_label("Address").fill("the-clinic-is-saved")
    press(page, "Save")
    # A page that has just been read is kept for a second.
    end = time.monotonic() + 10
    while not page.url.endswith("/es/articles/the-clinic-is-saved"):
        assert time.monotonic() < end
        page.goto(public)

    page.goto("/desk/articles?title=clinic+stays")
    page.get_by_role("link", name="The clinic stays open").click()
    page.get_by_text("Put it into the trash").click()
    page.get_by_label("Why").fill("It is not settled yet.")
    press(page, "Into the trash")
    assert is_there(page, "/en/articles/the-clinic-is-saved") == 404
    press(page, "Put back: The clinic stays open")
    assert is_there(page, "/en/articles/the-clinic-is-saved") == 200


def test_with_scripts_a_pane_shows_what_is_typed_and_a_button_places_the_campaign(editor: Callable[..., Page]) -> None:
    page = editor(timezone_id="Asia/Kolkata")
    page.goto("/desk/articles/new")
    text = page.get_by_label(re.compile("^Text"))
    text.fill("Forty *came*. <img src=x onerror=alert(1)>")
    pane = page.get_by_role("region", name="How it will look")
    expect(pane.locator("em")).to_have_text("came")
    assert pane.locator("img").count() == 0
    page.get_by_role("button", name="Put the campaign’s form here").click()
    expect(text).to_have_value(re.compile(r"\n\n\[campaign\]\n\n$"))
    expect(pane.locator("hr.campaign")).to_have_count(1)
    page.goto("/desk/events/new")
    expect(page.get_by_label("Time zone")).to_have_value(re.compile("Asia/(Calcutta|Kolkata)"))


def test_the_pages_of_the_newsroom_are_usable_by_all(editor: Callable[..., Page], site: Site) -> None:
    """axe finds nothing and nothing scrolls sideways, at 320 px and wide, light and dark, in English and Spanish."""
    with site.app.app_context():
        article = articles.newest("en", db.now(), 1)[0].id
        event = events.upcoming("en", db.now(), 1)[0].id
        topic = topics.all_public("en")[0].id
        db.session.remove()
    paths = [
        "/desk/articles", "/desk/articles?title=none-such", "/desk/articles/new", f"/desk/articles/{article}",
        "/desk/events", "/desk/events/new", f"/desk/events/{event}", "/desk/topics", "/desk/topics/new",
        f"/desk/topics/{topic}", "/desk/trash",
    ]  # fmt: skip
    problems = []
    for language, scheme, width in (("en", "light", 320), ("es", "dark", 1280)):
        page = editor(f"Looker{language}", language)
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme=scheme)
        for path in paths:
            page.goto(path)
            if not fits(page):
                problems.append((path, width, "sideways"))
            found = Axe().run(page).response["violations"]
            problems += [(path, scheme, one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found]
    assert problems == []
