"""Taking lists out in a real browser: chosen, taken, made in the background while one looks on, fetched."""

import hashlib
import http.client
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete, update

from petition import export, taking, teams
from petition.accounts import by_address
from petition.base import db, files
from petition.base.files import FileChunk
from petition.selection import Filter
from petition.taking import Asked, TakenList
from tests import organisers
from tests.browser.conftest import PATIENCE, PHONE, TELL
from tests.browser.site import CREW, Site
from tests.browser.test_desk_campaigns import cookie
from tests.browser.test_desk_people import fits, press

ROOT = f"/desk/campaigns/{CREW}/exports"


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A telephone in the hands of an owner."""
    context = browser.new_context(viewport=PHONE, base_url=site.url, reduced_motion="reduce")
    context.add_cookies([cookie(site, "Olga", teams.OWNER, CREW)])
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def longer(site: Site, work: Callable[[Any, Any], None] = lambda _campaign, _account: None) -> None:
    """A list as it is asked for where it is long."""
    with site.app.app_context():
        campaign, account = site.cast.reading(CREW), by_address("olga@example.org")
        assert account is not None
        taking.later(Asked(Filter(), ("number", "name"), "xlsx"), campaign, account, "for the notary", db.now())
        work(campaign, account)
        db.session.commit()
        db.session.remove()


def test_an_owner_takes_a_list_names_it_and_fetches_a_long_one(page: Page, site: Site) -> None:
    page.goto(f"/desk/campaigns/{CREW}")
    page.get_by_role("link", name="Take out").click()
    page.get_by_role("link", name="Choose a list").click()
    press(page, "Take it out")
    expect(page.get_by_role("link", name="Say why. It is kept in the journal.")).to_be_visible()
    page.get_by_role("textbox", name="Why").fill("for the notary")
    page.get_by_role("radio", name="XLSX").check()
    with page.expect_download() as arrived:
        page.get_by_role("button", name="Take it out").click()
    content = Path(arrived.value.path()).read_bytes()
    assert arrived.value.suggested_filename.endswith(".xlsx")
    page.goto(ROOT)
    expect(page.get_by_text(hashlib.sha256(content).hexdigest())).to_be_visible()
    page.goto(f"{ROOT}/new")
    page.get_by_label("Name of this choice").fill("For the notary")
    press(page, "Keep it under this name")
    page.get_by_role("link", name="For the notary").click()
    expect(page.get_by_label("Name", exact=True)).to_be_checked()

    # A long one, looked at while the worker makes it: the button comes by itself.
    page.goto(ROOT)
    before = page.get_by_role("button", name="Fetch the list").count()
    longer(site)
    page.goto(ROOT)
    page.get_by_role("button", name="Fetch the list").nth(before).wait_for()
    with page.expect_download() as arrived:
        page.get_by_role("button", name="Fetch the list").first.click()
    content = Path(arrived.value.path()).read_bytes()
    page.goto(ROOT)
    expect(page.get_by_text(hashlib.sha256(content).hexdigest())).to_be_visible()


def test_the_pages_of_taking_out_are_usable_by_all(page: Page, site: Site) -> None:
    """axe finds nothing, nothing scrolls sideways at 320 px, nothing breaks the content security policy."""

    def more(campaign: Any, account: Any) -> None:
        asked = Asked(Filter(countries=("IE",)), tuple(export.COLUMNS), "csv")
        taking.name(campaign, "The list with quite a long name for Ballina", asked, "a test", db.now())

    longer(site, more)
    said: list[str] = []
    page.context.add_init_script(TELL)
    page.on("console", lambda message: said.append(message.text))
    problems = []
    for path in ("", "/new", "/new?country=IE&from=2026-01-01"):
        for scheme, width in (("light", 320), ("dark", 1280)):
            page.set_viewport_size({"width": width, "height": 740})
            page.emulate_media(color_scheme=scheme)
            page.goto(ROOT + path)
            if not fits(page):
                problems.append((path, width, "sideways"))
            found = Axe().run(page).response["violations"]
            problems += [(path, scheme, v["id"], [node["html"][:90] for node in v["nodes"]]) for v in found]
    assert problems == []
    assert said == []


def test_a_file_that_breaks_off_half_way_is_seen_to_be_broken(page: Page, site: Site) -> None:
    """Through the real server: its length was said in advance, and the connection ends before it."""
    with site.app.app_context():
        campaign, until = site.cast.reading(CREW), db.now() + timedelta(hours=1)
        files.keep("broken", [b"x" * (3 * files.CHUNK)], sealed=True, ends_at=until)
        db.session.execute(update(FileChunk).where(FileChunk.number == 2).values(data=b"broken"))
        manifest = {"rows": 1, "columns": ["name"], "format": "csv", "sha256": "00" * 32, "filter": {}}
        row = TakenList(id=1, campaign_id=campaign.id, account_id=None, actor="a test", reason="x", manifest=manifest,
                        file="broken", ends_at=until, made_at=db.now())  # fmt: skip
        db.session.add(row)
        db.session.commit()
        db.session.remove()
    page.goto(ROOT)
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    form = urllib.parse.urlencode({"csrf_token": organisers.token_in(page.content())}).encode()
    asked = urllib.request.Request(f"{site.url}{ROOT}/1/file", data=form, headers={"Cookie": cookies})
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Content-Length"] == str(3 * files.CHUNK)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
    with site.app.app_context():
        db.session.execute(delete(TakenList).where(TakenList.id == 1))
        db.session.commit()
        db.session.remove()
