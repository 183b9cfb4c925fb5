"""The pages about partners, for everybody's eyes and hands; and a partner's frame on its own page, without scripts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert

from petition import partner_figures, partners, teams
from petition.base import db
from petition.contacts import Contact, ContactDetails
from petition.lists import BATCH
from tests import organisers
from tests.browser.conftest import PHONE, TELL
from tests.browser.site import CREW, Site
from tests.browser.test_desk_campaigns import cookie, window
from tests.browser.test_desk_people import fits, press
from tests.signers import enter, signer

__all__ = ["window"]
ROOT = f"/desk/campaigns/{CREW}/partners"
HOME = f"/desk/partners/{CREW}/dockers"
#: A list longer than what is read at once.
MANY = BATCH + 1


@pytest.fixture
def carried(site: Site) -> dict[str, Any]:
    """Two partners, one of them switched off, figures of one; the cookie of one of its people."""
    with site.app.app_context():
        reading = site.cast.reading(CREW)
        if partners.read(reading.id, "dockers") is None:
            _fill(site)
        account, secret = organisers.enrol("Pia")
        organisers.let_in(account, reading.id, "dockers")
        desk = organisers.signed_in(site.app, site.cast.browser_with_cookies(), account, secret)
        name = organisers.desk_of(site.app).config["SESSION_COOKIE_NAME"]
        found = desk.client.get_cookie(name, path="/desk")
        db.session.remove()
    return {"name": name, "value": found.value, "domain": "localhost", "path": "/desk"}


def _fill(site: Site) -> None:
    reading = site.cast.reading(CREW)
    found = site.cast.partner(slug=CREW, sites=("https://dockers.example",), homepage="https://dockers.example")
    off = site.cast.partner("gone", slug=CREW, name="A site with a very long name that had to be switched off")
    partners.switch(partners.locked(off.id), on=False, actor="a test", reason="", at=db.now())
    day = db.now() - timedelta(days=1)
    for language, number in (("en", 34), ("es", 23), ("ar", 4)):
        enter(*(signer(reading, f"{language} {one}", language=language, partner="dockers", day=day.date(),
                       appear="hidden") for one in range(number)))  # fmt: skip
    wish = partners.wish(found.id)
    row = {
        "campaign_id": reading.id, "wish": wish, "language": "en", "consent_version": 1, "partner_version": 1,
        "sealed": ContactDetails("ana@example.org", "Ana").seal(reading.id, wish), "proof": "signature",
        "confirmed_at": db.now(), "forgets_at": None,
    }  # fmt: skip
    rows = [row | {"id": one, "mailbox": one.to_bytes(32), "link_id": uuid4()} for one in range(1, MANY + 1)]
    db.session.execute(insert(Contact), rows)
    site.cast.number()
    partner_figures.publish(found.id, db.now())
    db.session.commit()


def test_the_pages_about_partners_are_usable_by_all_on_a_phone_and_wide_light_and_dark(
    window: Callable[..., Page], site: Site, carried: dict[str, Any]
) -> None:
    """axe finds nothing, nothing scrolls sideways at 320 px, nothing breaks the content security policy."""
    owner, own = window(cookie(site, "Olga", teams.OWNER, CREW)), window(carried)
    said: list[str] = []
    for one in (owner, own):
        one.context.add_init_script(TELL)
        one.on("console", lambda message: said.append(message.text))
    looked = [(owner, ROOT + path) for path in ("", "/new", "/dockers", "/gone", "/dockers/people")]
    problems = []
    for one, path in [*looked, (own, HOME), (own, "/desk/")]:
        for scheme, width in (("light", 320), ("dark", 1280)):
            one.set_viewport_size({"width": width, "height": 740})
            one.emulate_media(color_scheme=scheme)
            one.goto(path)
            if not fits(one):
                problems.append((path, width, "sideways"))
            if path == ROOT:
                # On a phone the groups are folded up but the one the page is in; keys unfold the others.
                texts, partners_here = (
                    one.get_by_role("link", name=name, exact=True) for name in ("Texts", "Partners")
                )
                assert (texts.is_visible(), partners_here.is_visible()) == (width > 1000, True)
                if width < 1000:
                    one.locator("summary", has_text="Write").press("Enter")
                    texts.wait_for()
            found = Axe().run(one).response["violations"]
            problems += [(path, scheme, v["id"], [node["html"][:90] for node in v["nodes"]]) for v in found]
    assert problems == []
    assert said == []


def test_a_partner_takes_its_list_with_scripts_off(window: Callable[..., Page], carried: dict[str, Any]) -> None:
    page = window(carried, java_script_enabled=False)
    page.goto("/desk/")
    page.get_by_role("link", name="Figures and list: Dockers’ Union").click()
    expect(page.get_by_role("definition").filter(has_text="61")).to_be_visible()
    press(page, "Take the list (CSV)")
    expect(page.get_by_role("link", name="Say why. It is kept in the journal.")).to_be_visible()
    page.get_by_label("What you take it for").fill("our first letter")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Take the list (CSV)").click()
    assert waiting.value.suggested_filename == f"{CREW}-dockers.csv"
    lines = waiting.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + MANY
    assert lines[-1].startswith(f'"{MANY}","ana@example.org","Ana","en","1",')


def test_the_box_of_a_partner_stands_in_its_frame_on_a_phone(browser: Browser, site: Site, carried: Any) -> None:
    context = browser.new_context(viewport=PHONE, base_url=site.url, reduced_motion="reduce")
    page = context.new_page()
    for look, scheme in (("by.dockers", "light"), ("dark-by.dockers", "dark"), ("by.gone", "light")):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"/embed/en/campaigns/{CREW}/{look}")
        assert fits(page)
        assert Axe().run(page).response["violations"] == []
        box = page.get_by_label("The Dockers’ Union may write to me.")
        assert box.count() == (0 if look == "by.gone" else 1)
        assert not box.count() or not box.is_checked()
    expect(page.get_by_text("The form no longer stands on this site.")).to_be_visible()
    context.close()
