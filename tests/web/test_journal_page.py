"""The journal at the desk: read by owners and administrators, a page at a time, by who and by what (S41)."""

from flask import Flask

from petition import journal, teams
from petition.base import db
from tests.cast import Cast

OURS, SITES = "/desk/campaigns/canteen/journal", "/desk/journal"


def test_an_owner_reads_the_campaigns_lines_and_an_administrator_the_sites(app: Flask, cast: Cast) -> None:
    campaign, other = cast.campaign(), cast.campaign("other")
    journal.write("Ana <b>", "signature held", campaign_id=campaign.id, about=4711, reason="“odd” <i>")
    journal.write("Ben", "signature removed", campaign_id=other.id)
    journal.write("Cem", "demo loaded")
    owner, admin = cast.organiser(teams.OWNER, "canteen"), cast.organiser(teams.ADMINISTRATOR, name="Ada")
    page = owner.get(OURS).text
    assert "Ana &lt;b&gt;" in page
    assert "“odd” &lt;i&gt;" in page
    assert "#4711" in page
    assert "Ben" not in page
    assert "Cem" not in page
    site = admin.get(SITES).text
    assert ("Cem" in site, "Ana &lt;" in site) == (True, False)
    # Not even an administrator's, who may say who is in the team.
    assert admin.get(OURS).status_code == 403


def test_lines_are_filtered_by_address_and_turned_page_by_page(app: Flask, cast: Cast) -> None:
    campaign = cast.campaign()
    for turn in range(120):
        journal.write("Ana" if turn % 2 else "Ben", "campaign paused", campaign_id=campaign.id, reason=f"turn {turn}.")
    db.session.commit()
    owner = cast.organiser(teams.OWNER, "canteen")
    seen, path = [], OURS + "?actor=Ana&deed=campaign+paused"
    for _page in range(3):
        page = owner.get(path).text
        seen += [int(part.partition(".")[0]) for part in page.split("turn ")[1:]]
        path = _older(page)
        if not path:
            break
    assert seen == list(range(119, 0, -2))
    assert "There is no line" in owner.get(OURS + "?actor=Nobody&before=x").text


def _older(page: str) -> str:
    """Where the link to older lines leads, "" where there is none."""
    before, found, _after = page.partition('">Older lines')
    return before.rpartition('href="')[2].replace("&amp;", "&") if found else ""
