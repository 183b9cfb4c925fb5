"""One person at the desk: everything stored, what became of it, and what they ask for by post or telephone."""

import json

from flask import Flask
from sqlalchemy import func, select, update

from petition import affairs, decisions, links, signatures, teams
from petition.base import db
from petition.details import opened
from petition.journal import Entry
from petition.register import Move
from petition.signatures import PendingSignature, Signature
from tests.cast import Cast, link_in
from tests.organisers import Desk
from tests.web.test_desk_signatures import LIST, lines

TYPED = {"place": "Cork", "role": "nurse", "comment": "Forty families.", "appear": "full"}


def stored() -> Signature:
    """The one signature there is."""
    db.session.remove()
    found = db.session.scalars(select(Signature)).one()
    db.session.rollback()
    return found


def correct(desk: Desk, number: int, **typed: str):
    given = {"name": "Ana López", "country": "ES", "place": "Cork", "appear": "hidden", "way": "telephone"}
    return desk.send(f"{LIST}/{number}/correct", **(given | typed))


def test_a_persons_page_shows_all_that_is_stored_and_each_look_is_in_the_journal(app: Flask, cast: Cast) -> None:
    """S40, S41: also what was decided, by whom and why."""
    cast.campaign()
    cast.signed("ana@example.org", source="a/poster", **TYPED)
    number = stored().id
    decisions.decide(number, "hold", actor="Olga", reason="asked <the> branch", at=db.now())
    db.session.commit()
    desk = cast.organiser(teams.MODERATOR, "canteen")
    page = desk.get(f"{LIST}/{number}").text
    for said in ("Ana María", "ana@example.org", "Cork", "nurse", "Forty families.", "a/poster", "version 1, English",
                 "<b>held</b>", "asked &lt;the&gt; branch", "entered", "Everybody from the same network"):  # fmt: skip
        assert said in page, said
    assert lines("signature looked at") == [("signature looked at", number, 1, "")]
    # How the filters of the page find it again, and nobody else.
    cast.sign("ben@elsewhere.example", name="Ben")
    for words in ("e-mail domain", "same network"):
        path = page.partition(words)[0].rpartition('href="')[2].partition('"')[0]
        assert "Ana María" in desk.get(path).text
    figures = cast.organiser(teams.FIGURES, "canteen", name="Fay")
    assert figures.get(f"{LIST}/{number}").status_code == 403
    # What was only looked at changes nothing.
    assert desk.get(f"{LIST}/1").status_code == 404


def test_another_campaigns_signature_is_not_found(app: Flask, cast: Cast) -> None:
    """B6: neither read nor touched."""
    cast.campaign()
    cast.campaign("other")
    cast.signed("ana@example.org", slug="other")
    number = stored().id
    desk = cast.organiser(teams.OWNER, "canteen")
    assert desk.get(f"{LIST}/{number}").status_code == 404
    assert correct(desk, number).status_code == 404
    for deed in ("erase", "export", "link"):
        assert desk.send(f"{LIST}/{number}/{deed}", way="post").status_code == 404
    assert stored().sealed is not None
    assert lines("signature ") == []


def test_what_a_person_corrects_by_telephone_is_stored_as_on_their_own_page(app: Flask, cast: Cast) -> None:
    """Two moves where the country changes, a letter to the person, a line that names nobody."""
    campaign = cast.campaign()
    cast.signed("ana@example.org", **TYPED)
    number = stored().id
    desk = cast.organiser(teams.MODERATOR, "canteen")
    refused = correct(desk, number, name="", way="")
    assert refused.status_code == 422
    assert "Choose how they asked." in refused.text
    assert stored().country == "IE"
    answer = correct(desk, number, reason="a slip", address="other@example.org", state="removed")
    assert answer.status_code == 303
    row = stored()
    details = opened(campaign.id, row.sealed or b"")
    assert (details.name, details.address, details.role, row.country, row.state, row.shown_name) == (
        "Ana López", "ana@example.org", "", "ES", "counted", "")  # fmt: skip
    kinds = db.session.execute(select(Move.kind, Move.amount, Move.country).order_by(Move.id)).all()
    assert [tuple(one) for one in kinds][1:] == [("corrected", -1, "IE"), ("corrected", 1, "ES")]
    db.session.rollback()
    assert lines("corrected") == [("signature corrected", number, 1, "asked by telephone: a slip")]
    letter = cast.deliver()
    assert [one.to for one in letter] == ["ana@example.org"]
    assert cast.total() == 1


def test_what_a_person_asks_to_have_erased_is_gone_as_if_withdrawn(app: Flask, cast: Cast) -> None:
    """S51: out of list and total, every link dead, a last letter; the journal names nobody."""
    cast.campaign()
    letter = cast.signed("ana@example.org", news="y", **TYPED)
    number = stored().id
    desk = cast.organiser(teams.MODERATOR, "canteen")
    assert desk.send(f"{LIST}/{number}/erase").status_code == 422
    answer = desk.send(f"{LIST}/{number}/erase", way="post", reason="their letter of May", contacts="y")
    assert (answer.status_code, answer.location) == (303, f"{LIST}?done=erased")
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0
    assert cast.total() == 0
    assert cast.browser().get(link_in(letter)).status_code == 404
    assert [one.to for one in cast.deliver()] == ["ana@example.org"]
    assert lines("erased") == [("signature erased", number, 1, "asked by post: their letter of May")]
    assert "ana" not in str([(row.deed, row.reason) for row in db.session.scalars(select(Entry))]).lower().replace(
        "organ", ""
    )
    db.session.rollback()
    assert desk.get(f"{LIST}/{number}").status_code == 404
    assert desk.send(f"{LIST}/{number}/erase", way="post").status_code == 404


def test_what_somebody_only_typed_can_be_erased_and_handed_out_too(app: Flask, cast: Cast) -> None:
    """The law does not ask whether the button was pressed."""
    campaign = cast.campaign()
    cast.sign("ana@example.org")
    cast.sign("ana@example.org", name="Somebody Else")
    desk = cast.organiser(teams.OWNER, "canteen")
    path = desk.send(LIST + "/find", email="ana@example.org").location
    found = json.loads(desk.send(path + "/export", way="post").text)
    assert found["signature"] is None
    assert {one["name"] for one in found["waiting_for_confirmation"]} == {"Ana María", "Somebody Else"}
    assert desk.send(path + "/correct", name="Ana", country="IE", way="post").location.endswith("done=gone")
    assert desk.send(path + "/erase", way="in person").status_code == 303
    assert db.session.scalar(select(func.count()).select_from(PendingSignature)) == 0
    assert affairs.of_mailbox(campaign.id, signatures.mailbox_key(campaign, "ana@example.org")) is None
    db.session.rollback()


def test_what_is_handed_out_is_what_the_own_page_gives_and_needs_a_fresh_code(app: Flask, cast: Cast) -> None:
    """E1: by owners alone, in the journal before it leaves."""
    cast.campaign()
    letter = cast.signed("ana@example.org", **TYPED)
    number = stored().id
    owner = cast.organiser(teams.OWNER, "canteen")
    assert owner.send(f"{LIST}/{number}/export").status_code == 422
    answer = owner.send(f"{LIST}/{number}/export", way="post", reason="their letter")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"].startswith("no-store") or "no-store" in answer.headers["Cache-Control"]
    own = cast.browser().get(link_in(letter).partition("?")[0] + "/data.json")
    assert answer.json == own.json
    assert answer.json["signature"]["comment"] == "Forty families."
    assert lines("handed out") == [("signature handed out", number, 1, "asked by post: their letter")]
    stale = cast.organiser(teams.OWNER, "canteen", name="Sol", fresh=False)
    for deed in ("export", "erase"):
        assert stale.send(f"{LIST}/{number}/{deed}", way="post").status_code == 403
    moderator = cast.organiser(teams.MODERATOR, "canteen", name="Mo")
    assert moderator.send(f"{LIST}/{number}/export", way="post").status_code == 403
    assert stored().sealed is not None


def test_the_letter_with_the_own_page_goes_to_the_address_stored_alone(app: Flask, cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    number = stored().id
    # Ten minutes later: a mailbox gets no two letters at once.
    db.session.execute(update(links.Link).values(sent_at=None))
    db.session.commit()
    desk = cast.organiser(teams.MODERATOR, "canteen")
    assert desk.send(f"{LIST}/{number}/link", email="thief@example.org").status_code == 303
    letters = cast.deliver()
    assert [one.to for one in letters] == ["ana@example.org"]
    assert "Ana María" in cast.browser().get(link_in(letters[0])).text
    assert lines("link sent") == [("link sent", number, 1, "")]


def test_an_erased_signature_that_was_held_shows_nothing_and_cannot_be_corrected(app: Flask, cast: Cast) -> None:
    """S26: its mailbox stays taken."""
    cast.campaign()
    letter = cast.signed("ana@example.org", **TYPED)
    number = stored().id
    decisions.decide(number, "hold", actor="Olga", reason="", at=db.now())
    db.session.commit()
    cast.browser().post(link_in(letter).partition("?")[0] + "/withdraw")
    desk = cast.organiser(teams.OWNER, "canteen")
    page = desk.get(f"{LIST}/{number}").text
    assert "is erased" in page
    assert "Erase it" not in page
    assert correct(desk, number).location.endswith("done=gone")
    assert desk.send(f"{LIST}/{number}/link").status_code == 404
