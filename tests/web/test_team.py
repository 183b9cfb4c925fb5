"""Teams and the people of the site, as organisers change them at the desk: by letter, journaled, never ownerless."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from petition import accounts, teams
from petition.base import db, mailbox
from petition.journal import Entry
from petition.teams import LastOwner
from tests import organisers
from tests.cast import Cast
from tests.web.test_entrance import path_in

TEAM = "/desk/campaigns/canteen/team"


def lines() -> list[tuple[str, str, str]]:
    """What the journal says of grants and accounts: who, what, why."""
    found = db.session.scalars(select(Entry).order_by(Entry.id)).all()
    db.session.remove()
    return [(one.actor, one.deed, one.reason) for one in found if one.actor != "a test"]


def test_an_owner_takes_a_new_person_into_the_team_by_letter(app: Flask, cast: Cast) -> None:
    campaign = cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    answer = desk.send(TEAM, email="Mia@example.org", role="moderator", reason="night shift")
    assert answer.location == TEAM + "?done=invited"
    letter = cast.deliver()[0]
    assert (letter.to, "Olga invites you into the team" in letter.text) == ("mia@example.org", True)
    assert "Take the canteen workers back" in letter.text
    assert cast.browser().get(path_in(letter)).status_code == 200
    mia = accounts.by_address("mia@example.org")
    assert mia is not None
    assert teams.role_of(mia.id, campaign.id) == "moderator"
    me = f"Olga (account {desk.account_id})"
    assert lines() == [(me, "account invited", ""), (me, "grant given: moderator", "night shift")]
    # Twice is said, not done.
    assert desk.send(TEAM, email="mia@example.org", role="owner").status_code == 422
    assert "mia@example.org" in desk.get(TEAM).text


def test_who_has_an_account_is_told_of_a_new_role_in_their_language(app: Flask, cast: Cast) -> None:
    cast.campaign()
    organisers.enrol("Mia", language="es")
    db.session.commit()
    desk = cast.organiser(teams.OWNER, "canteen")
    desk.send(TEAM, email="mia@example.org", role="editor")
    letter = cast.deliver()[0]
    assert (letter.language, "Readmitan a las trabajadoras" in letter.text) == ("es", True)


def test_roles_are_changed_and_taken_with_a_reason_and_work_at_once(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    mia = cast.organiser(teams.OWNER, "canteen", name="Mia")
    page = f"{TEAM}/{mia.account_id}"
    assert mia.get(TEAM).status_code == 200
    assert desk.send(page, role="figures").location == TEAM + "?done=changed"
    assert mia.get(TEAM).status_code == 403
    assert desk.send(page, role="emperor").status_code == 422
    assert desk.send(page + "/remove").status_code == 422
    assert desk.send(page + "/remove", reason="moved away").location == TEAM + "?done=removed"
    assert mia.get(TEAM).status_code == 404
    assert lines()[-1][1:] == ("grant taken: figures", "moved away")


def test_a_campaign_is_never_left_without_an_owner_who_can_sign_in(app: Flask, cast: Cast) -> None:
    """Issue 9. Somebody merely invited does not count."""
    campaign = cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    desk.send(TEAM, email="mia@example.org", role="owner")
    mine = f"{TEAM}/{desk.account_id}"
    for path, typed in ((mine, {"role": "editor"}), (mine + "/remove", {"reason": "tired"})):
        answer = desk.send(path, **typed)
        assert (answer.status_code, "last owner" in answer.text) == (422, True)
    assert teams.role_of(desk.account_id, campaign.id) == "owner"
    db.session.remove()
    # The account cannot be removed either, by nobody.
    admin = cast.organiser(teams.ADMINISTRATOR, name="Ada")
    answer = admin.send(f"/desk/people/{desk.account_id}/remove", reason="gone")
    assert (answer.status_code, accounts.by_id(desk.account_id) is not None) == (422, True)


def test_two_owners_who_remove_each_other_at_once_leave_one(app: Flask, cast: Cast) -> None:
    """The team is locked by whoever changes it."""
    campaign = cast.campaign()
    pair = [cast.organiser(teams.OWNER, "canteen", name=name).account_id for name in ("Ana", "Ben")]
    db.session.remove()
    start = threading.Barrier(2)
    refused = []

    def leave(account_id: int) -> None:
        with app.app_context():
            account = accounts.by_id(account_id)
            db.session.commit()
            start.wait()
            try:
                teams.revoke(account, campaign.id, "a test")
                db.session.commit()
            except LastOwner:
                refused.append(account_id)
                db.session.rollback()

    threads = [threading.Thread(target=leave, args=(one,)) for one in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [role for _person, role in teams.team(campaign.id)] == ["owner"]


def test_an_administrator_sees_no_campaigns_people_until_they_grant_it_to_themselves(app: Flask, cast: Cast) -> None:
    """Deny by default; and the journal says so."""
    campaign = cast.campaign()
    cast.organiser(teams.OWNER, "canteen")
    admin = cast.organiser(teams.ADMINISTRATOR, name="Ada")
    for right in teams.CAMPAIGN_RIGHTS - {"manage team"}:
        assert not teams.may(admin.account_id, right, campaign.id)
    db.session.remove()
    assert admin.send(TEAM, email="ada@example.org", role="moderator", reason="asked by the owner").status_code == 303
    assert teams.may(admin.account_id, "see people", campaign.id)
    assert not teams.may(admin.account_id, "export", campaign.id)
    assert lines()[-1] == (f"Ada (account {admin.account_id})", "grant given: moderator", "asked by the owner")


def test_the_people_of_the_site_are_invited_changed_and_removed(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.ADMINISTRATOR)
    assert desk.send("/desk/people", email="mia@example.org", role="site editor").status_code == 303
    assert desk.send("/desk/people", email="MIA@example.org", role="organiser").status_code == 422
    first = path_in(cast.deliver()[0])
    mia = accounts.by_address("mia@example.org")
    assert mia is not None
    page = f"/desk/people/{mia.id}"
    assert desk.send(page + "/invite").status_code == 303
    assert cast.browser().get(first).status_code == 404
    assert cast.browser().get(path_in(cast.deliver()[0])).status_code == 200
    assert desk.send(page, role="none").status_code == 303
    assert teams.role_of(mia.id, None) == ""
    assert desk.send(page + "/remove", reason="a mistake").status_code == 303
    assert accounts.by_address("mia@example.org") is None
    assert desk.get(page).status_code == 404
    me = f"/desk/people/{desk.account_id}"
    for path, typed in ((me, {"role": "none"}), (me + "/remove", {"reason": "x"})):
        assert desk.send(path, **typed).status_code == 422
    assert desk.get("/desk/people").status_code == 200


@pytest.mark.parametrize("role", list(teams.ON_CAMPAIGN))
def test_the_first_page_shows_my_campaigns_and_figures_to_who_may_see_them(app: Flask, cast: Cast, role: str) -> None:
    cast.campaign()
    cast.campaign("elsewhere", publish=False)
    cast.signed()
    desk = cast.organiser(role, "canteen")
    page = desk.get("/desk/").text
    assert "Take the canteen workers back" in page
    assert '<td class="n">1</td><td class="n">1</td>' in page
    assert page.count('<th scope="row"') == 1
    admin = cast.organiser(teams.ADMINISTRATOR, name="Ada").get("/desk/").text
    assert admin.count('<td class="n">–</td><td class="n">–</td>') == 2


def test_an_empty_desk_says_what_to_do_first(app: Flask, cast: Cast) -> None:
    assert "Start one" in cast.organiser(teams.ORGANISER).get("/desk/").text
    assert "mia@example.org" in cast.organiser(name="Mia").get("/desk/").text


def test_two_owners_who_invite_the_same_person_at_once_make_one_account(app: Flask, cast: Cast) -> None:
    for slug in ("canteen", "harbour"):
        cast.campaign(slug)
    owners = [cast.organiser(teams.OWNER, slug) for slug in ("canteen", "harbour")]
    db.session.remove()
    start = threading.Barrier(2)
    answers: dict[int, int] = {}

    def invite(number: int, slug: str) -> None:
        start.wait()
        answer = owners[number].send(f"/desk/campaigns/{slug}/team", email="new@example.org", role="editor")
        answers[number] = answer.status_code

    threads = [threading.Thread(target=invite, args=pair) for pair in enumerate(("canteen", "harbour"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {0: 303, 1: 303}
    new = accounts.by_address("new@example.org")
    assert new is not None
    held = teams.held(new.id)
    assert sorted(held.campaigns.values()) == ["editor", "editor"]


def test_an_address_is_one_account_whatever_its_capitals(app: Flask) -> None:
    accounts.invite(mailbox.parse("Olga@Example.org"), "a test", language="en")
    with pytest.raises(accounts.Taken):
        accounts.invite(mailbox.parse("olga@example.org"), "a test", language="en")
