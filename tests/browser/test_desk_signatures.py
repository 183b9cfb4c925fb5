"""Going through signatures in a real browser: filtered, opened, searched for in the background; a hall's letters."""

import re
from collections.abc import Callable
from datetime import timedelta

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from petition import searching, teams
from petition.base import db, jobs
from petition.base.jobs import RUNNING, Job
from tests.browser.conftest import TELL
from tests.browser.site import CREW, Site
from tests.browser.test_desk_campaigns import cookie, window
from tests.browser.test_desk_people import corner, fits, press

__all__ = ["window"]

ROOT = f"/desk/campaigns/{CREW}"
LIST = f"{ROOT}/signatures"


def named(page: Page) -> Locator:
    """The first in the table who has a name: some of the site's signers are only for show."""
    return page.get_by_role("rowheader").filter(has_not_text="Deleted").first


def under_way(site: Site) -> int:
    """A search that is half-way for as long as the test looks at it."""
    with site.app.app_context():
        campaign = site.cast.reading(CREW)
        job = searching.ask(searching.BY_NAME, campaign.id, {"name": "a", "place": "Cork"}, account_id=1, actor="Olga",
                            reason="a call")  # fmt: skip
        until = db.now() + timedelta(hours=1)
        held = update(Job).where(Job.id == job).values(state=RUNNING, lease=1, lease_until=until, done=40, total=100)
        db.session.execute(held)
        db.session.commit()
        db.session.remove()
    return job


def end(site: Site, job: int) -> None:
    with site.app.app_context():
        db.session.execute(update(Job).where(Job.id == job).values(state=jobs.CANCELLED, lease=None, lease_until=None))
        db.session.commit()
        db.session.remove()


def test_somebody_of_the_team_filters_opens_searches_and_lets_a_halls_letters_go(
    window: Callable[..., Page], site: Site
) -> None:
    """S49; without scripts, on a phone. What the search finds appears by itself."""
    page = window(cookie(site, "Mona", teams.OWNER, CREW), java_script_enabled=False)
    page.goto(ROOT)
    page.get_by_role("link", name="Signatures", exact=True).click()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("counted").check()
    page.get_by_role("button", name="Show").first.click()
    expect(page).to_have_url(re.compile("state=counted"))
    somebody = named(page).inner_text()
    page.get_by_role("link", name=somebody).first.click()
    expect(page.get_by_text("State: counted")).to_be_visible()
    page.get_by_role("link", name="All signatures").click()
    page.get_by_role("link", name="Search by name and place").click()
    page.get_by_label("Name", exact=False).first.fill(somebody.upper())
    page.get_by_label("Why").first.fill("a call")
    press(page, "Search")
    expect(page.get_by_role("rowheader").first).to_be_visible()
    corner(page, "Reach people", "Signing together")
    page.get_by_label("Where").first.fill("Dock Hall")
    press(page, "Let their letters go at once")
    expect(page.get_by_text("Done: letters to people on your network")).to_be_visible()
    press(page, "End it now: Dock Hall")
    expect(page.get_by_text("Nothing is lifted at present.")).to_be_visible()


def test_these_pages_are_usable_by_all_on_a_phone_and_wide_light_and_dark(
    window: Callable[..., Page], site: Site
) -> None:
    """axe finds nothing, nothing scrolls sideways at 320 px, nothing breaks the content security policy."""
    page = window(cookie(site, "Mona", teams.OWNER, CREW))
    said: list[str] = []
    page.context.add_init_script(TELL)
    page.on("console", lambda message: said.append(message.text))
    job = under_way(site)
    page.goto(LIST)
    person = named(page).get_by_role("link").get_attribute("href") or ""
    page.goto(f"{ROOT}/together")
    page.get_by_label("Where").last.fill("Dock Hall, the assembly of all who work there")
    soon = db.now() + timedelta(days=3)
    page.get_by_label("From").fill(soon.strftime("%Y-%m-%dT10:00"))
    page.get_by_label("To", exact=True).fill(soon.strftime("%Y-%m-%dT11:00"))
    press(page, "Make the link")
    problems = []
    paths = (LIST, f"{LIST}?state=held&country=KE&country=TN&domain={'64' * 32}", f"{LIST}?country=MX", person,
             f"{LIST}/searches", f"{LIST}/searches/{job}", f"{ROOT}/together")  # fmt: skip
    for path in paths:
        for scheme, width in (("light", 320), ("dark", 1280)):
            page.set_viewport_size({"width": width, "height": 740})
            page.emulate_media(color_scheme=scheme)
            page.goto(path)
            for one in page.locator("details").all():
                one.evaluate("one => one.open = true")
            if not fits(page):
                problems.append((path, width, "sideways"))
            found = Axe().run(page, options={"iframes": False}).response["violations"]
            problems += [(path, scheme, v["id"], [node["html"][:90] for node in v["nodes"]]) for v in found]
    end(site, job)
    assert problems == []
    assert said == []
