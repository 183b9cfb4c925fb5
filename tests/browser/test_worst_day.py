"""The worst day (issue 10): a spike at night from three networks. From the alarm to the way back, by hand, on a phone
and with scripts off; and the pages of deciding, for everybody's eyes and hands."""

import random
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from petition import blocks, decisions, objections, rule_runs, teams, unshown
from petition.base import db
from petition.details import Details
from petition.signatures import Signature
from tests.browser.site import Site
from tests.browser.test_desk_campaigns import cookie, window
from tests.browser.test_desk_people import fits, press
from tests.signers import enter, signer

__all__ = ["window"]
SLUG = "worst-day"
HOME = f"/desk/campaigns/{SLUG}"
ODD, PEOPLE = 2400, 300
PATIENCE = 60


@pytest.fixture(scope="module")
def night(site: Site) -> Site:
    """Ten quiet days, and a night on which thousands come from three networks."""
    with site.app.app_context():
        if site.cast.browser().get(f"/en/campaigns/{SLUG}").status_code != 200:
            _arrange(site)
        db.session.remove()
    return site


def _arrange(site: Site) -> None:
    reading, chance = site.cast.campaign(SLUG), random.Random(10)
    noon = db.now().replace(hour=9, minute=0, second=0, microsecond=0)
    two = db.now().replace(hour=2, minute=0) - timedelta(days=1)
    rows: list[dict[str, Any]] = []
    for n in range(PEOPLE):
        when = noon - timedelta(days=2 + n % 10) + timedelta(hours=10) * chance.random()
        rows.append(_row(reading, f"ana.maria.{'abcdefghij'[n % 10]}@gmail.com", when, 300, "KE"))
    for n in range(ODD):
        local = "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=8))
        when = two + timedelta(hours=1) * chance.random()
        rows.append(_row(reading, f"{local}{n:04}@odd{n % 3}.example", when, 2, "IE", network=bytes([n % 3]) * 32))
    moments = {row["id"]: row["entered_at"] for row in rows}
    enter(*rows)
    for row in db.session.scalars(select(Signature).where(Signature.campaign_id == reading.id)):
        row.entered_at = moments[row.id]
    db.session.commit()
    site.cast.number()


def _row(reading: Any, address: str, when: Any, quick: float, country: str, **changes: Any) -> dict[str, Any]:
    details = Details("Somebody Else", address)
    return signer(reading, "Somebody Else", country, sealed=details.seal(reading.id), appear="hidden",
                  domain=blocks.domain_key(reading, address.partition("@")[2]), entered_at=when, day=when.date(),
                  signed_at=when - timedelta(seconds=quick), **changes)  # fmt: skip


def until(page: Page, words: str) -> None:
    """Wait as a person does, while the page asks again by itself."""
    page.get_by_text(words).first.wait_for(timeout=PATIENCE * 1000)


def total(site: Site, wanted: int) -> None:
    patience = time.monotonic() + PATIENCE
    while site.total(SLUG) != wanted:
        assert time.monotonic() < patience, site.total(SLUG)
        time.sleep(0.2)


def test_the_worst_day_from_the_alarm_to_the_way_back(window: Callable[..., Page], night: Site) -> None:
    """S41, S45: no script, no list read, nothing that cannot be undone."""
    page = window(cookie(night, "Mona", teams.MODERATOR, SLUG), java_script_enabled=False)
    page.goto(f"{HOME}/decisions")
    page.get_by_role("link", name="Signs of mass signing").click()
    press(page, "Look for signs")
    until(page, "Many from one network")
    for sign in ("Many at once", "Addresses that look generated", "Confirmed faster than people read"):
        expect(page.get_by_text(sign).first).to_be_visible()
    page.locator("li", has_text="Many at once").get_by_role("link", name="Count what holding").click()
    expect(page.get_by_role("radio", name="Hold")).to_be_checked()
    page.get_by_label("A name for this decision").fill("The night")
    press(page, "Count what would happen")
    expect(page.get_by_role("link", name="Say why. It is kept in the journal.")).to_be_visible()
    page.get_by_label("Why").fill("two in the morning, three networks")
    press(page, "Count what would happen")
    until(page, "2,400 signatures would be touched. The total would go from 2,700 to 300.")
    expect(page.get_by_role("img", name="Signatures by day")).to_be_visible()
    assert night.total(SLUG) == ODD + PEOPLE
    page.get_by_role("link", name="Look at some of them").click()
    # Twelve, picked by chance among three networks: one of the three may well be missing.
    expect(page.get_by_text(re.compile(r"@odd[012]\.example"))).to_have_count(rule_runs.SAMPLE)
    page.get_by_role("link", name="The night").click()
    press(page, "Hold: 2,400 signatures")
    # It can be left: the journal and the list of decisions say how it stands.
    page.goto(f"{HOME}/decisions")
    until(page, "2,400 signatures held")
    total(night, PEOPLE)
    page.get_by_role("link", name="The night").click()
    until(page, "2,400 signatures were changed.")
    press(page, "Take it back")
    total(night, ODD + PEOPLE)
    until(page, "Taken back")
    with night.app.app_context():
        assert decisions.waiting(night.cast.reading(SLUG).id).held == 0
        db.session.remove()


def test_the_pages_of_deciding_are_usable_by_all_on_a_phone_and_wide_light_and_dark(
    window: Callable[..., Page], night: Site
) -> None:
    """axe finds nothing, nothing scrolls sideways at 320 px."""
    page = window(cookie(night, "Olga", teams.OWNER, SLUG))
    page.goto(f"{HOME}/decide?country=IE&verb=hold")
    page.get_by_label("A name for this decision").fill("Everybody of one country, with a name that is long")
    page.get_by_label("Why").fill("averyveryveryveryverylongwordthatneverendsandthensome")
    press(page, "Count what would happen")
    until(page, "would be touched")
    rule = page.url
    with night.app.app_context():
        reading = night.cast.reading(SLUG)
        one = db.session.scalars(select(Signature.id).where(Signature.campaign_id == reading.id)).first()
        assert one is not None
        assert decisions.decide(one, "hold", actor="a test", reason="a test", at=db.now())
        objections.say(reading.id, one, "It was me.\nReally.", db.now())
        unshown.wait(reading.id, one, db.now())
        blocks.add(reading.id, blocks.DOMAIN, bytes(32), reason="a test", actor="a test", at=db.now())
        objection = objections.waiting(reading.id, 1)[0].id
        db.session.commit()
        db.session.remove()
    paths = [f"{HOME}/{path}" for path in ("decisions", "decide?country=IE", "decide", "signs", "blocked", "objections",
             f"objections/{objection}", "names", "names/look")]  # fmt: skip
    problems = []
    for path in [*paths, rule, f"{rule}/sample"]:
        for scheme, width in (("light", 320), ("dark", 1280)):
            page.set_viewport_size({"width": width, "height": 740})
            page.emulate_media(color_scheme=scheme)
            page.goto(path)
            if not fits(page):
                problems.append((path, width, "sideways"))
            found = Axe().run(page).response["violations"]
            problems += [(path, scheme, v["id"], [node["html"][:90] for node in v["nodes"]]) for v in found]
    assert problems == []
