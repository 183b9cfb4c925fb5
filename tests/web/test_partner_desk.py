"""The pages about partners: organisers make, change and switch them; a partner's people see their own figures and take
their own list, and nothing else."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from petition import accounts, breakdowns, partner_figures, partner_people, partners, teams
from petition.base import db
from petition.journal import Entry
from petition.partners import PartnerTerms
from tests import organisers
from tests.cast import Cast, moment
from tests.signers import enter, signer
from tests.web.test_partners import FRAME, contacts_now, signed_there, switch

ROOT = "/desk/campaigns/canteen/partners"
HOME = "/desk/partners/canteen/dockers"
BOX = {"ask-en": "They may write to me.", "responsible": "Dockers’ Union", "responsible_address": "p@dockers.example"}


def journal() -> list[tuple[str, str]]:
    """What the journal says, but for what tests do by hand: deed and reason."""
    db.session.remove()
    lines = db.session.scalars(select(Entry).where(Entry.actor != "a test").order_by(Entry.id))
    return [(one.deed, one.reason) for one in lines]


def edited(page: str, **typed: str) -> dict[str, str]:
    """A form as it was read, with these fields typed."""
    mark = 'name="seen" value="'
    seen = page[page.index(mark) + len(mark) :].partition('"')[0]
    return {"seen": seen, "name": "Dockers’ Union"} | typed


def test_an_owner_adds_a_partner_whose_frame_then_carries_its_box(cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    assert "no partner yet" in desk.get(ROOT).text
    answer = desk.send(ROOT + "/new", name="Dockers’ Union", homepage="union.example", sites="union.example", **BOX)
    assert answer.location == ROOT + "/dockersunion?done=made"
    page = desk.get(answer.location).text
    assert "/embed/en/campaigns/canteen/by.dockersunion" in page
    assert "data-partner=&#34;dockersunion&#34;" in page
    frame = cast.browser().get("/embed/en/campaigns/canteen/by.dockersunion")
    assert "They may write to me." in frame.text
    assert "https://union.example" in frame.headers["Content-Security-Policy"]
    assert [deed for deed, _why in journal()] == ["partner made", "terms of a partner changed"]
    assert "Dockers’ Union" in desk.get(ROOT).text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Union", "key": "no key!"}, "key"),
        ({"name": "Union", "key": "dockers"}, "key"),
        ({"name": "Union", "sites": "https://a.example/path"}, "sites"),
        ({"name": "Union", "homepage": "javascript:1"}, "homepage"),
        ({"name": "Union", "ask-en": "They may write to me."}, "responsible"),
        ({"name": "Union", "ask-es": "Pueden escribirme.", "responsible": "U", "responsible_address": "U"}, "ask-en"),
    ],
)
def test_what_cannot_be_a_partner_is_refused_at_its_field(cast: Cast, typed: dict[str, str], field: str) -> None:
    cast.campaign()
    cast.partner()
    answer = cast.organiser(teams.OWNER, "canteen").send(ROOT + "/new", **typed)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert len(partners.of_campaign(cast.reading().id)) == 1


def test_changed_words_are_a_new_version_and_the_same_words_are_none(cast: Cast) -> None:
    cast.campaign()
    partner = cast.partner()
    desk = cast.organiser(teams.OWNER, "canteen")
    page = desk.get(ROOT + "/dockers").text
    same = {"ask-en": "The Dockers’ Union may write to me.", "line-en": "Twice a year.",
            "responsible": "Dockers’ Union", "responsible_address": "privacy@dockers.example"}  # fmt: skip
    assert desk.send(ROOT + "/dockers", **edited(page, **same)).location.endswith("done=same")
    assert desk.send(ROOT + "/dockers", **edited(page, **same, shown="y")).location.endswith("done=saved")
    page = desk.get(ROOT + "/dockers").text
    more = same | {"line-en": "Once a week."}
    assert desk.send(ROOT + "/dockers", **edited(page, **more, shown="y")).location.endswith("done=saved")
    db.session.remove()
    versions = db.session.scalars(select(PartnerTerms).where(PartnerTerms.partner_id == partner.id)).all()
    assert [one.lines["en"] for one in sorted(versions, key=lambda one: one.version)] == [
        "Twice a year.",
        "Once a week.",
    ]
    assert [one.key for one in partners.shown(cast.reading().id)] == ["dockers"]


def test_whoever_saves_second_is_told(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    desk = cast.organiser(teams.OWNER, "canteen")
    page = desk.get(ROOT + "/dockers").text
    desk.send(ROOT + "/dockers", **edited(page, name="Union of Dockers", **BOX))
    assert desk.send(ROOT + "/dockers", **edited(page, name="The Dockers", **BOX)).status_code == 409


def test_switching_off_wants_a_reason_and_is_journaled(cast: Cast) -> None:
    """S63."""
    cast.campaign()
    cast.partner()
    desk = cast.organiser(teams.OWNER, "canteen")
    assert desk.send(ROOT + "/dockers/switch", to="off").status_code == 422
    assert desk.send(ROOT + "/dockers/switch", to="off", reason="sold addresses").location.endswith("done=off")
    assert "<form" not in cast.browser().get(FRAME).text
    assert desk.send(ROOT + "/dockers/switch", to="on", reason="a mistake").location.endswith("done=on")
    assert journal()[-2:] == [("partner switched off", "sold addresses"), ("partner switched on", "a mistake")]
    assert desk.get(ROOT + "/nobody").status_code == 404


def test_a_partners_people_are_let_in_by_letter_and_never_from_the_campaigns_own_team(cast: Cast) -> None:
    cast.campaign()
    partner = cast.partner()
    cast.partner_person(name="Pia")
    desk = cast.organiser(teams.OWNER, "canteen")
    own = desk.send(ROOT + "/dockers/people", email="olga@example.org")
    assert own.status_code == 422
    assert "campaign’s team" in own.text
    assert desk.send(ROOT + "/dockers/people", email="pia@example.org").status_code == 422
    assert desk.send(ROOT + "/dockers/people", email="nia@dockers.example", reason="asked for").status_code == 303
    letters = {one.to: one.text for one in cast.deliver()}
    assert "take the list" in letters["nia@dockers.example"]
    assert "nia@dockers.example" in letters["pia@example.org"], "who is in already hears who comes"
    nia = accounts.by_address("nia@dockers.example")
    assert nia is not None
    assert partner_people.belongs(nia.id, partner.id)
    assert journal()[-1] == ("grant given: partner", "dockers: asked for")
    page = f"{ROOT}/dockers/people/{nia.id}/remove"
    assert desk.send(page).status_code == 422
    assert desk.send(page, reason="left").status_code == 303
    assert not partner_people.belongs(nia.id, partner.id)
    assert desk.send(page, reason="left").status_code == 404


def test_whoever_leaves_the_site_leaves_partners_too(cast: Cast) -> None:
    cast.campaign()
    partner = cast.partner()
    account = accounts.by_id(cast.partner_person().account_id)
    assert account is not None
    assert partner_people.leave_all(account, "Olga") == 1
    db.session.commit()
    assert not partner_people.belongs(account.id, partner.id)
    assert journal() == [("grant taken: partner", "dockers")]


def test_a_partners_people_find_their_page_and_nothing_of_the_campaign(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    desk = cast.partner_person()
    assert HOME in desk.get("/desk/").text
    assert desk.get(HOME).status_code == 200
    assert desk.get("/desk/campaigns/canteen").status_code == 404
    assert desk.get(ROOT).status_code == 404
    owner = cast.organiser(teams.OWNER, "canteen")
    assert owner.get(HOME).status_code == 404, "the list is the partner's alone"
    assert owner.send(HOME + "/contacts", reason="curious").status_code == 404


def test_the_list_holds_who_ticked_the_partners_own_box_and_is_told_to_the_owners(cast: Cast) -> None:
    """S41, S53."""
    cast.campaign()
    cast.partner()
    cast.partner("others", name="Others")
    signed_there(cast, partner_news="y", name="=Ana")
    signed_there(cast, email="ben@example.org", news="y")
    signed_there(cast, key="others", email="cem@example.org", partner_news="y")
    cast.organiser(teams.OWNER, "canteen")
    desk = cast.partner_person()
    assert desk.send(HOME + "/contacts").status_code == 422
    assert journal() == []
    answer = desk.send(HOME + "/contacts", reason="our first letter")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert "no-store" in answer.headers["Cache-Control"]
    head, row = answer.data.decode("utf-8-sig").splitlines()
    assert head == '"number","address","name","language","box","confirmed_at","unsubscribe"'
    assert row.startswith('"1","ana@example.org","\'=Ana","en","1",')
    ana = next(one for one in contacts_now() if one.wish.startswith("by") and one.partner_version)
    assert "/t/" in row
    assert "/news" in row
    ((deed, reason),) = journal()
    assert (deed, reason.splitlines()[0]) == ("contacts of a partner taken", "our first letter")
    assert "ana@" not in reason
    (letter,) = cast.deliver()
    assert letter.to == "olga@example.org"
    assert "Pia took the list" in letter.text
    assert ana is not None


def test_no_list_leaves_while_the_partner_is_off_or_without_a_fresh_code(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    signed_there(cast, partner_news="y")
    assert cast.partner_person(fresh=False).send(HOME + "/contacts", reason="x").status_code == 403
    switch(cast)
    desk = cast.partner_person()
    refused = desk.send(HOME + "/contacts", reason="a letter")
    assert refused.status_code == 422
    assert "ana@example.org" not in refused.text
    assert "switched off" in refused.text
    assert journal() == []


def test_whoever_refuses_all_letters_of_this_site_is_on_no_list(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    path = signed_there(cast, partner_news="y")
    signed_there(cast, email="ben@example.org", partner_news="y")
    cast.browser().post(path + "/no-letters")
    answer = cast.partner_person().send(HOME + "/contacts", reason="a letter")
    assert "ana@example.org" not in answer.text
    assert "ben@example.org" in answer.text


def test_a_partners_figures_never_move_with_one_signature(cast: Cast) -> None:
    """They know who opens their pages: figures are made as for the public, and none below ten."""
    reading = cast.campaign()
    partner = cast.partner()
    desk = cast.partner_person()
    monday = moment("2031-05-05T12:00")

    def people(number: int, at: object, **more: object) -> None:
        enter(*(signer(reading, f"A {one}", partner="dockers", day=at.date(), entered_at=at, **more)  # type: ignore[attr-defined]
                for one in range(number)))  # fmt: skip
        cast.number()

    def published(at: object) -> bool:
        due = partner_figures.due(at)  # type: ignore[arg-type]
        made = [partner_figures.publish(one, at) for one in due]  # type: ignore[arg-type]
        db.session.commit()
        return any(made)

    people(9, monday)
    assert not published(monday + timedelta(days=1))
    people(3, monday, language="es")
    assert published(monday + timedelta(days=1))
    found = partner_figures.read(partner.id)
    assert (found["day"].total, dict(found["day"].cells)) == (12, {"2031-05-05": 12})
    assert dict(found["language"].cells) == {}, "nine and three are too few to be told apart"
    page = desk.get(HOME).text
    assert "12" in page
    people(9, monday + timedelta(days=1))
    assert not published(monday + timedelta(days=2))
    people(1, monday + timedelta(days=1))
    assert published(monday + timedelta(days=2))
    assert not published(monday + timedelta(days=2)), "once a day"
    assert partner_figures.read(partner.id)["day"].total == 22


def test_only_partners_that_agreed_are_named_in_the_public_figures(cast: Cast) -> None:
    """S62: what the others brought stands under “other”."""
    reading = cast.campaign()
    cast.partner(shown=True)
    cast.partner("quiet", name="Quiet")
    monday = moment("2031-05-05T12:00")
    for key in ("dockers", "quiet"):
        enter(*(signer(reading, f"{key} {one}", partner=key, day=monday.date()) for one in range(20)))
    cast.number()
    with time_machine.travel(monday + timedelta(days=2)):
        assert breakdowns.publish(reading.id, db.now())
        db.session.commit()
    found = breakdowns.read(reading.id)["partner"]
    assert (dict(found.cells), found.other, found.total) == ({"dockers": 20}, 20, 40)
    switch(cast)
    assert dict(breakdowns.read(reading.id)["partner"].cells) == {"dockers": 20}, "off, it keeps its name"


def test_a_partner_sees_no_page_of_another(app: Flask, cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    cast.partner("others")
    desk = cast.partner_person("others")
    assert desk.get(HOME).status_code == 404
    assert desk.send(HOME + "/contacts", reason="theirs").status_code == 404
    account, _secret = organisers.enrol("Pia")
    assert teams.held(account.id).campaigns == {}
