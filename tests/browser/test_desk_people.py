"""Getting into the desk as people do, in a real browser with scripts off: invited, forgotten, phone lost."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from passlib.totp import TOTP
from playwright.sync_api import Browser, Page, expect

from petition import accounts, endorsement_decisions, teams
from petition.base import db, mailbox
from tests.browser.conftest import PATIENCE, PHONE
from tests.browser.site import CREW, Site

PASSWORD, OTHER = "four harbour cranes at noon", "seven lamps over the pier"


@pytest.fixture
def phone(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens windows of a phone; the desk keeps a cookie, so these are not held to having none."""
    opened = []

    def open_one(**options: Any) -> Page:
        context = browser.new_context(viewport=PHONE, base_url=site.url, reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        return context.new_page()

    yield open_one
    for context in opened:
        context.close()


def invited(site: Site, address: str) -> str:
    """The path of an invitation, as the command prints it."""
    with site.app.app_context():
        made = accounts.invite(mailbox.parse(address), "a test", language="en")
        teams.grant(made, teams.ADMINISTRATOR, None, "a test")
        teams.grant(made, teams.OWNER, site.cast.reading(CREW).id, "a test")
        href = accounts.invitation_address(made)
        db.session.commit()
    return href.removeprefix(site.url)


def corner(page: Page, group: str, name: str) -> None:
    """Go to a corner of a campaign, whose group is folded up on a phone."""
    page.locator("summary", has_text=group).click()
    page.get_by_role("link", name=name, exact=True).click()


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).click()


def sign_in(page: Page, address: str, password: str = PASSWORD) -> None:
    page.goto("/desk/")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")


def enrol(page: Page, site: Site, address: str) -> tuple[TOTP, list[str]]:
    """From the invitation to the first page; the app and the recovery codes."""
    page.goto(invited(site, address))
    page.get_by_label("Your name").fill("Ngũgĩ wa Thiong’o")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    press(page, "Go on")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    app = set_up(page)
    press(page, "Make my recovery codes")
    codes = page.locator(".codes code").all_text_contents()
    page.get_by_role("link", name="to the desk").click()
    assert page.get_by_role("heading", level=1).text_content() == "Campaigns"
    return app, codes


def set_up(page: Page) -> TOTP:
    press(page, "I have an app")
    key = page.locator(".key").text_content()
    assert key
    app = TOTP(key=re.sub("[- ]", "", key))
    page.get_by_label("The code that the app shows now").fill(app.generate().token)
    press(page, "Check the code")
    return app


def fits(page: Page) -> bool:
    """Nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_an_organiser_is_invited_signs_in_forgets_and_loses_the_phone(phone: Callable[..., Page], site: Site) -> None:
    """Issue 9: each walked, without scripts."""
    address = "walker@example.org"
    page = phone(java_script_enabled=False)
    app, codes = enrol(page, site, address)
    assert len(codes) == 8
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()

    # The password is forgotten; the app stays.
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(address)
    press(page, "Send me a link")
    expect(page.get_by_text("a letter is on its way")).to_be_visible()
    found = re.search(r"/desk/forgot/\S+", site.letter(address).text)
    assert found
    page.goto(found.group())
    page.get_by_label("New password").fill(OTHER)
    page.get_by_label("The same again").fill(OTHER)
    press(page, "Store the password")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(OTHER)
    press(page, "Sign in")
    page.get_by_label("Six digits").fill(app.generate(time.time() + 30).token)
    press(page, "Sign in")
    assert page.get_by_role("heading", level=1).text_content() == "Campaigns"

    # The phone is lost: another one, with a recovery code, and a new app on it.
    other = phone(java_script_enabled=False)
    sign_in(other, address, OTHER)
    other.get_by_role("link", name="Lost your phone?").click()
    other.get_by_label("A recovery code").fill(codes[0])
    press(other, "Sign in")
    other.get_by_role("link", name="My account").click()
    other.get_by_role("link", name="Set up another app").click()
    set_up(other)
    expect(other.get_by_text("Your new app is set up.")).to_be_visible()
    # The lost phone is signed out from here.
    other.get_by_role("button", name=re.compile("Sign out: ")).click()
    page.goto("/desk/account")
    assert page.get_by_role("heading", level=1).text_content() == "Sign in"


def test_the_pages_of_the_desk_are_usable_by_all_on_a_phone_and_wide_light_and_dark(
    phone: Callable[..., Page], site: Site
) -> None:
    """axe finds nothing, nothing scrolls sideways at 320 px, in English and Spanish."""
    address = "looker@example.org"
    page = phone()
    enrol(page, site, address)
    with site.app.app_context():
        account = accounts.by_address(address)
        assert account is not None
        number = account.id
        rows = endorsement_decisions.of_campaign(site.cast.reading(CREW).id)
        states = {row.state: row.id for row in rows}
    team, backing = (f"/desk/campaigns/{CREW}/{corner}" for corner in ("team", "endorsements"))
    inside = [
        "/desk/", "/desk/people", f"/desk/people/{number}", "/desk/account", "/desk/account/password", "/desk/app",
        "/desk/recovery-codes", "/desk/fresh", team, f"{team}/{number}", "/desk/nothing",
        "/desk/journal", f"/desk/campaigns/{CREW}/journal",
        backing, backing + "/new", *(f"{backing}/{one}" for one in states.values()),
    ]  # fmt: skip
    outside = ["/desk/sign-in", "/desk/forgot"]
    problems = []
    for window, paths in ((page, inside), (phone(color_scheme="dark", locale="es-ES"), outside)):
        for path in paths:
            for scheme, width in (("light", 320), ("dark", 1280)):
                window.set_viewport_size({"width": width, "height": 740})
                window.emulate_media(color_scheme=scheme)
                window.goto(path)
                if not fits(window):
                    problems.append((path, width, "sideways"))
                found = Axe().run(window).response["violations"]
                problems += [(path, scheme, one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found]
    assert problems == []
