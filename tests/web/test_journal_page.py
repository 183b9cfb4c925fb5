"""The journal at the desk: read by the team and administrators, a page at a time, by who, what and when (S41)."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from petition import journal, teams
from petition.base import db
from petition.journal import Entry
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
    assert "There is no such line." in owner.get(OURS + "?actor=Nobody&before=x").text


@pytest.mark.parametrize(
    ("role", "status"), [(teams.OWNER, 200), (teams.EDITOR, 200), (teams.MODERATOR, 200), (teams.FIGURES, 403)]
)
def test_the_team_reads_it_but_for_who_was_promised_numbers_only(
    app: Flask, cast: Cast, role: str, status: int
) -> None:
    """Issue 10: it names organisers, and their reasons."""
    cast.campaign()
    desk = cast.organiser(role, "canteen")
    assert desk.get(OURS).status_code == status
    assert (OURS in desk.get("/desk/campaigns/canteen").text) == (status == 200)


def _written(campaign_id: int | None, at: str, number: int) -> dict[str, object]:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return {"at": moment, "actor": "Ana", "deed": "signature held", "campaign_id": campaign_id, "count": 1,
            "reason": f"turn {number}."}  # fmt: skip


def test_lines_are_found_by_day_and_lines_of_one_moment_keep_their_order(app: Flask, cast: Cast) -> None:
    """Days are UTC days, the first and the last included; pages lose no line where many are of one moment."""
    campaign = cast.campaign()
    days = ["2030-04-30T23:59:59", *["2030-05-01T00:00:00"] * 60, "2030-05-02T23:59:59", "2030-05-03T00:00:00"]
    db.session.execute(insert(Entry), [_written(campaign.id, at, number) for number, at in enumerate(days)])
    db.session.commit()
    owner = cast.organiser(teams.OWNER, "canteen")
    seen, path = [], OURS + "?from=2030-05-01&until=2030-05-02"
    while path:
        page = owner.get(path).text
        seen += [int(part.partition(".")[0]) for part in page.split("turn ")[1:]]
        path = _older(page)
    assert seen == list(range(61, 0, -1))
    assert 'value="2030-05-01"' in page
    assert "turn 62" in owner.get(OURS + "?from=2030-05-03").text
    assert "turn 0." in owner.get(OURS + "?until=2030-04-30").text
    for nonsense in ("from=x&until=2030-99-99", "until=9999-12-31", "from=0001-01-01"):
        assert owner.get(f"{OURS}?{nonsense}").status_code == 200


def test_a_line_of_another_campaign_turns_no_page_here(app: Flask, cast: Cast) -> None:
    """Where a page begins tells nothing of what is not mine."""
    cast.campaign()
    other = cast.campaign("other")
    journal.write("Ben", "signature held", campaign_id=other.id)
    theirs = db.session.query(Entry.id).order_by(Entry.id.desc()).limit(1).scalar()
    db.session.commit()
    owner = cast.organiser(teams.OWNER, "canteen")
    assert "There is no line" in owner.get(f"{OURS}?before={theirs}").text


def test_what_an_export_wrote_down_beside_its_reason_is_readable(app: Flask, cast: Cast) -> None:
    campaign = cast.campaign()
    asked = '{"filter":{"states":["counted"]},"columns":["number","name"]}'
    journal.write("Ana", "signatures exported", campaign_id=campaign.id, count=12_345, reason=f"handing over\n{asked}")
    journal.write("Ana", "signature held", campaign_id=campaign.id, reason="{odd")
    page = cast.organiser(teams.OWNER, "canteen").get(OURS).text
    assert "handing over" in page
    assert "only: states counted; columns: number, name" in page
    assert "{odd" in page
    assert "12,345" in page


def test_nobody_changes_or_deletes_a_line(app: Flask, cast: Cast) -> None:
    journal.write("Ana", "demo loaded")
    db.session.commit()
    for deed in (Entry.__table__.update().values(actor="Ben"), Entry.__table__.delete()):
        with pytest.raises(DBAPIError):
            db.session.execute(deed)
        db.session.rollback()


def _older(page: str) -> str:
    """Where the link to older lines leads, "" where there is none."""
    before, found, _after = page.partition('">Older lines')
    return before.rpartition('href="')[2].replace("&amp;", "&") if found else ""
