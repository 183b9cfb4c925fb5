"""Endorsements by organisations: asked for, confirmed by a letter, decided about at the desk, shown apart."""

import re
from collections.abc import Callable
from io import BytesIO

from flask import Flask
from sqlalchemy import func, select

from petition import endorsement_decisions, endorsements
from petition.base import db
from petition.endorsements import ACCEPTED, ASKED, CONFIRMED, REFUSED
from petition.journal import Entry
from petition.signatures import Signature
from tests.cast import Cast, form_token
from tests.domain.test_images import picture
from tests.web.endorsing import FORM, TYPED, accepted, ask, asked, confirmed, page_in, press, stored

LIST = "/en/campaigns/canteen/endorsements"
DESK = "/desk/campaigns/canteen/endorsements"


def states() -> list[str]:
    """The states of all, the oldest first."""
    return [row.state for row in stored()]


def deeds() -> list[tuple[str, str, str]]:
    """What the journal says of endorsements."""
    db.session.remove()
    rows = db.session.scalars(select(Entry).where(Entry.deed.contains("endorsement")).order_by(Entry.id))
    return [(row.actor.partition(" ")[0], row.deed, row.reason) for row in rows]


# Asking


def test_asking_stores_it_sealed_and_posts_one_letter_that_confirms_it(cast: Cast) -> None:
    cast.campaign()
    answer = ask(cast)
    assert answer.status_code == 303
    assert "ana@example.org" in cast.browser().get(answer.location).text
    assert states() == [ASKED]
    (letter,) = cast.deliver()
    assert letter.to == "ana@example.org"
    assert "Crane Drivers’ Union" in letter.text
    assert "canteen" not in letter.subject
    assert press(cast, letter).status_code == 303
    assert states() == [CONFIRMED]
    (row,) = stored()
    person = endorsements.person_of(row)
    assert (person.name, person.office, person.address) == ("Ana María", "secretary", "ana@example.org")
    assert (row.members, row.decided_on.isoformat()) == (12000, "2026-05-03")  # type: ignore[union-attr]
    assert b"Ana" not in (row.sealed or b"")
    assert row.shown_name is row.shown_office is None
    assert cast.deliver() == []


def test_the_answer_is_the_same_for_every_address_and_no_machine_is_stored(cast: Cast) -> None:
    cast.campaign()
    confirmed(cast)
    known, unknown = ask(cast), ask(cast, "ben@example.org")
    assert (known.status_code, unknown.status_code) == (303, 303)
    assert len(known.location) == len(unknown.location)
    before = len(stored())
    assert ask(cast, website="http://x.example").status_code == 303
    assert len(stored()) == before


#: What is typed wrongly, and what is said.
WRONG = [
    ({"organisation": ""}, "Type the name of the organisation."),
    ({"level": "galactic"}, "Choose where the organisation works."),
    ({"country": ""}, "Choose the country in which the organisation works."),
    ({"country": "XX"}, "Choose a country from the list."),
    ({"body": ""}, "Type who decided"),
    ({"decided_on": "2999-01-01"}, "Type a day as year"),
    ({"decided_on": "2199-01-01"}, "This day is still to come."),
    ({"members": "many"}, "Type a whole number"),
    ({"members": "99999999999"}, "Type a whole number"),
    ({"homepage": "http://cranes.example/"}, "Type an address that begins with https://"),
    ({"homepage": "javascript:alert(1)"}, "Type an address that begins with https://"),
    ({"homepage": "https://me@cranes.example/"}, "Type an address that begins with https://"),
    ({"homepage": "https://cranes/"}, "Type an address that begins with https://"),
    ({"homepage": 'https://cranes.example/"x'}, "Type an address that begins with https://"),
    ({"name": ""}, "Type your name."),
    ({"office": ""}, "Type what you are in the organisation"),
    ({"email": "nobody"}, "This is not an e-mail address."),
]


def test_what_is_missing_or_wrong_is_said_and_what_was_typed_stays(cast: Cast) -> None:
    cast.campaign()
    for typed, sentence in WRONG:
        answer = ask(cast, **typed)
        assert (answer.status_code, sentence in answer.text) == (422, True), typed
        assert 'value="the executive committee"' in answer.text or "body" in typed
    assert stored() == []


def test_what_works_in_several_countries_names_none_and_an_address_may_come_without_its_beginning(cast: Cast) -> None:
    cast.campaign()
    assert ask(cast, level="international", country="", homepage="cranes.example", members="").status_code == 303
    (row,) = stored()
    assert (row.country, row.homepage, row.members) == ("", "https://cranes.example", None)


def test_an_old_page_gives_the_form_back_with_what_was_typed(cast: Cast) -> None:
    cast.campaign()
    answer = cast.browser().post(FORM, data=TYPED | {"email": "ana@example.org", "token": "old", "show_name": "y"})
    assert answer.status_code == 422
    for value in (*TYPED.values(), "ana@example.org"):
        assert value in answer.text
    assert 'name="show_name" value="y" checked' in answer.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)) | {"country": "IE", "level": "national"}
    assert cast.browser().post(FORM, data=fields).status_code == 303


def test_what_no_form_makes_is_refused_and_so_is_too_much_from_one_network(make_app: Callable[..., Flask]) -> None:
    app = make_app(hard_limit=2)
    with app.app_context():
        cast = Cast(app)
        cast.campaign()
        assert cast.browser().post(FORM, json={}).status_code == 415
        assert [ask(cast).status_code for _ in range(3)] == [303, 303, 429]


def test_a_campaign_that_is_over_takes_no_more_and_shows_what_there_is(cast: Cast) -> None:
    cast.campaign()
    token = form_token(cast.browser().get(FORM).text)
    accepted(cast)
    row = cast.row()
    row.closes_at = db.now()
    db.session.commit()
    assert 'name="organisation"' not in cast.browser().get(FORM).text
    answer = cast.browser().post(FORM, data=TYPED | {"email": "ben@example.org", "token": token})
    assert answer.status_code == 409
    assert len(stored()) == 1
    page = cast.browser().get(LIST).text
    assert "Crane Drivers" in page
    assert '/endorse"' not in page


# The letter, and the page behind it


def test_a_mailbox_gets_one_letter_for_what_was_typed_together_and_at_most_three_a_day(cast: Cast) -> None:
    cast.campaign()
    for number in range(5):
        ask(cast, organisation=f"Union {number}")
    (letter,) = cast.deliver(rounds=8)
    page = cast.browser().get(page_in(letter)).text
    assert all(f"Union {number}" in page for number in range(5))


def test_looking_changes_nothing_and_a_link_opens_no_other_page(cast: Cast) -> None:
    cast.campaign()
    letter = asked(cast)
    for method in ("GET", "HEAD", "GET"):
        assert cast.browser().open(page_in(letter), method=method).status_code == 200
    assert states() == [ASKED]
    token = page_in(letter).split("/")[2]
    assert cast.browser().get(f"/t/{token}/news").status_code == 404
    assert cast.browser().get(f"/t/{token}").status_code == 404
    assert cast.browser().get("/t/forged/endorsement").status_code == 404


def test_a_link_reaches_no_endorsement_of_another_mailbox(cast: Cast) -> None:
    cast.campaign()
    mine = page_in(asked(cast)).partition("?")[0]
    other = page_in(confirmed(cast, "ben@example.org", organisation="Boilermakers")).partition("=")[2]
    assert "Boilermakers" not in cast.browser().get(f"{mine}?row={other}").text
    for verb in ("confirm", "correct", "withdraw"):
        assert cast.browser().post(f"{mine}/{verb}", data=TYPED | {"row": other}).status_code == 303
    assert states() == [ASKED, CONFIRMED]


def test_confirming_forgets_the_same_organisation_typed_twice(cast: Cast) -> None:
    cast.campaign()
    ask(cast, organisation="crane drivers’ union")
    ask(cast, organisation="Boilermakers")
    (letter,) = cast.deliver()
    ask(cast)
    newest = stored()[-1]
    cast.browser().post(page_in(letter).partition("?")[0] + "/confirm", data={"row": str(newest.id)})
    assert [(row.organisation, row.state) for row in stored()] == [
        ("Boilermakers", ASKED), ("Crane Drivers’ Union", CONFIRMED),
    ]  # fmt: skip


def test_what_is_corrected_behind_the_link_is_not_shown_until_it_is_accepted_again(cast: Cast) -> None:
    cast.campaign()
    letter = accepted(cast)
    assert "Crane Drivers" in cast.browser().get(LIST).text
    wrong = press(cast, letter, "correct", **(TYPED | {"body": ""}))
    assert wrong.status_code == 422
    assert "Crane Drivers" in cast.browser().get(LIST).text
    unchanged = press(cast, letter, "correct", **TYPED)
    assert unchanged.status_code == 303
    assert states() == [ACCEPTED]
    assert press(cast, letter, "correct", **(TYPED | {"organisation": "Crane Union"})).status_code == 303
    assert states() == [CONFIRMED]
    assert "Crane" not in cast.browser().get(LIST).text
    assert stored()[0].shown_office is None


def test_withdrawing_deletes_it_everywhere_and_leaves_a_line_without_a_name(cast: Cast) -> None:
    cast.campaign()
    letter = accepted(cast)
    assert press(cast, letter, "withdraw").location.endswith("?done=withdrawn")
    assert stored() == []
    assert "Crane" not in cast.browser().get(LIST).text
    assert deeds()[-1] == ("own", "endorsement withdrawn", "")
    assert cast.browser().get(page_in(letter)).status_code == 200
    assert press(cast, letter, "withdraw").status_code == 303


def test_this_was_not_me_deletes_what_was_typed_and_stops_letters_until_they_are_allowed(cast: Cast) -> None:
    cast.campaign()
    letter = asked(cast)
    press(cast, letter, "not-me")
    assert stored() == []
    ask(cast)
    assert cast.deliver() == []
    page = cast.browser().get(page_in(letter)).text
    assert "We do not write to you" in page
    press(cast, letter, "allow")
    assert "We do not write to you" not in cast.browser().get(page_in(letter)).text


def test_no_letters_from_this_site_holds_for_signing_too(cast: Cast) -> None:
    cast.campaign()
    press(cast, asked(cast), "no-letters")
    cast.sign("ana@example.org")
    assert cast.deliver() == []


def test_everything_stored_can_be_taken_along(cast: Cast) -> None:
    cast.campaign()
    letter = confirmed(cast)
    found = cast.browser().get(page_in(letter).partition("?")[0] + "/data.json").json
    (record,) = found["endorsements"]
    assert (record["organisation"], record["name"], record["state"]) == (TYPED["organisation"], "Ana María", CONFIRMED)
    assert record["decided_on"] == "2026-05-03"


def test_a_signature_of_the_same_mailbox_and_its_withdrawal_leave_it_alone(cast: Cast) -> None:
    cast.campaign()
    accepted(cast)
    letter = cast.signed("ana@example.org")
    path = letter.text.split("http://localhost", 1)[1].split("?")[0].split()[0]
    cast.browser().post(path + "/withdraw", data={"contacts": "y"})
    assert states() == [ACCEPTED]


# Shown


def test_shown_is_what_was_accepted_with_the_office_and_the_name_only_if_ticked(cast: Cast) -> None:
    cast.campaign()
    accepted(cast)
    accepted(cast, "ben@example.org", organisation="Boilermakers", name="Ben Okri", office="chair", show_name="y")
    confirmed(cast, "eve@example.org", organisation="Not yet decided")
    page = cast.browser().get(LIST).text
    assert "secretary" in page
    assert "Ana María" not in page
    assert "Ben Okri, chair" in page
    assert "Not yet decided" not in page
    assert "@example.org" not in page
    assert "12,000 members" in page
    assert '<a href="https://cranes.example/" rel="noopener nofollow">' in page
    assert "2 organisations support this appeal" in page


def test_organisations_are_on_the_campaigns_page_apart_and_in_no_total(cast: Cast) -> None:
    cast.campaign()
    before = cast.browser().get("/en/campaigns/canteen").text
    assert "support" not in before
    accepted(cast)
    page = cast.browser().get("/en/campaigns/canteen").text
    assert "1 organisation supports this appeal" in page
    assert f'href="{LIST}"' in page
    assert cast.total() == 0
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0
    assert "in any total" in cast.browser().get("/en/how-we-count").text


def test_levels_come_widest_first_then_the_order_given_then_country_and_name(cast: Cast) -> None:
    cast.campaign()
    reading = cast.reading()
    for name, level, country in (("Zed", "local", "IE"), ("Ada", "national", "IE"), ("Bea", "national", "ES"),
                                 ("Cay", "national", "ES"), ("World", "international", "")):  # fmt: skip
        said = endorsements.Organisation(name, level, country, "the assembly")
        endorsement_decisions.enter(
            reading, said, endorsements.Person(), show_name=False, language="en", actor="a test", reason=""
        )
    last = next(row.id for row in endorsement_decisions.of_campaign(reading.id) if row.organisation == "Cay")
    endorsement_decisions.put_in_order(reading.id, {last: 1}, "a test")
    db.session.commit()
    page = cast.browser().get(LIST).text
    assert re.findall(r"<b><bdi>(\w+)", page) == ["World", "Cay", "Ada", "Bea", "Zed"]
    assert re.findall(r'class="band">(\w+)', page) == ["International", "National", "Local"]


def test_what_is_typed_is_never_markup(cast: Cast) -> None:
    cast.campaign()
    accepted(cast, organisation="<b>Union</b> & Sons", body="<i>board</i>", office="<u>chair</u>")
    for path in (LIST, "/en/campaigns/canteen"):
        page = cast.browser().get(path).text
        assert "&lt;b&gt;Union&lt;/b&gt; &amp; Sons" in page
        assert "<i>board" not in page


# At the desk


def test_who_decides_sees_what_was_typed_and_accepting_shows_it(cast: Cast) -> None:
    cast.campaign()
    confirmed(cast)
    desk = cast.organiser("moderator", "canteen")
    (row,) = stored()
    one = f"{DESK}/{row.id}"
    assert "Crane Drivers’ Union" in desk.get(DESK).text
    page = desk.get(one).text
    assert all(said in page for said in ("Ana María", "ana@example.org", "secretary", "the executive committee"))
    assert desk.send(one + "/accept", version="1").status_code == 303
    assert "Crane Drivers" in cast.browser().get(LIST).text
    assert desk.send(one + "/refuse", version="1", reason="").status_code == 422
    assert desk.send(one + "/refuse", version="1", reason="They never decided").status_code == 303
    assert states() == [REFUSED]
    assert "Crane Drivers" not in cast.browser().get(LIST).text
    assert deeds() == [
        ("own", "endorsement confirmed", ""), ("Olga", "endorsement accepted", ""),
        ("Olga", "endorsement refused", "They never decided"),
    ]  # fmt: skip


def test_nobody_accepts_what_they_have_not_seen(cast: Cast) -> None:
    cast.campaign()
    letter = confirmed(cast)
    desk = cast.organiser("owner", "canteen")
    one = f"{DESK}/{stored()[0].id}"
    press(cast, letter, "correct", **(TYPED | {"organisation": "Something Insulting"}))
    for verb in ("accept", "refuse", "correct"):
        answer = desk.send(f"{one}/{verb}", **(TYPED | {"version": "1", "reason": "x"}))
        assert answer.status_code == 422, verb
        assert "This was changed while you were reading it" in answer.text
    assert states() == [CONFIRMED]
    assert desk.send(one + "/accept", version="2").status_code == 303


def test_what_nobody_has_confirmed_is_not_at_the_desk(cast: Cast) -> None:
    cast.campaign()
    asked(cast)
    desk = cast.organiser("owner", "canteen")
    assert "Crane" not in desk.get(DESK).text
    assert desk.get(f"{DESK}/{stored()[0].id}").status_code == 404
    assert desk.send(f"{DESK}/{stored()[0].id}/accept", version="1").status_code == 404


def test_an_endorsement_of_another_campaign_is_not_found(cast: Cast) -> None:
    cast.campaign()
    cast.campaign("other")
    confirmed(cast, path="/en/campaigns/other/endorse")
    desk = cast.organiser("owner", "canteen")
    one = f"{DESK}/{stored()[0].id}"
    for verb in ("accept", "refuse", "correct", "withdraw", "logo"):
        assert desk.send(f"{one}/{verb}", **(TYPED | {"version": "1", "reason": "x"})).status_code == 404
    assert desk.send(DESK, **{f"place-{stored()[0].id}": "1"}).status_code == 303
    assert stored()[0].place is None


def test_one_entered_by_hand_is_shown_at_once_and_may_leave_the_person_open(cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser("moderator", "canteen")
    typed = TYPED | {"name": "", "office": "", "language": "es", "reason": "letter of 3 May"}
    assert desk.send(DESK + "/new", **(typed | {"organisation": ""})).status_code == 422
    assert desk.send(DESK + "/new", **typed).status_code == 303
    (row,) = stored()
    assert (row.state, row.language, row.mailbox) == (ACCEPTED, "es", None)
    page = cast.browser().get(LIST).text
    assert 'lang="es"' in page
    assert "Speaks for it" not in page
    assert deeds() == [("Olga", "endorsement entered", "letter of 3 May")]
    assert cast.deliver() == []


def test_an_organiser_corrects_and_it_stays_shown_as_it_is_now(cast: Cast) -> None:
    cast.campaign()
    accepted(cast)
    desk = cast.organiser("owner", "canteen")
    one = f"{DESK}/{stored()[0].id}"
    assert desk.send(one + "/correct", **(TYPED | {"version": "1", "office": ""})).status_code == 303
    desk.send(one + "/correct", **(TYPED | {"version": "2", "office": "general secretary", "reason": "typo"}))
    assert states() == [ACCEPTED]
    assert "general secretary" in cast.browser().get(LIST).text
    assert endorsements.person_of(stored()[0]).address == "ana@example.org"
    assert deeds()[-1] == ("Olga", "endorsement corrected", "typo")


def test_places_are_typed_beside_the_names(cast: Cast) -> None:
    cast.campaign()
    accepted(cast)
    accepted(cast, "ben@example.org", organisation="Boilermakers")
    desk = cast.organiser("owner", "canteen")
    first, second = (row.id for row in stored())
    assert desk.send(DESK, **{f"place-{first}": "2", f"place-{second}": "x"}).status_code == 422
    assert desk.send(DESK, **{f"place-{first}": "1", f"place-{second}": "", "place-": "3"}).status_code == 303
    assert [row.place for row in stored()] == [1, None]
    page = cast.browser().get(LIST).text
    assert page.index("Crane") < page.index("Boilermakers")


def test_a_logo_is_made_small_and_shown_with_the_name_as_its_text(cast: Cast) -> None:
    cast.campaign()
    accepted(cast)
    desk = cast.organiser("owner", "canteen")
    one = f"{DESK}/{stored()[0].id}"
    for data, status in ((b"", 422), (b"no picture", 422), (b"x" * 410_000, 422), (picture("PNG", (640, 100)), 303)):
        answer = desk.send(one + "/logo", logo=(BytesIO(data), "logo.png"))
        assert answer.status_code == status, data[:10]
    page = cast.browser().get(LIST).text
    found = re.search(
        r'<img src="(/pictures/\w+/320x50\.jpg)" width="160" height="25" alt="Crane Drivers’ Union"', page
    )
    assert found
    assert cast.browser().get(found.group(1)).status_code == 200
    assert desk.send(one + "/logo", away="1").status_code == 303
    assert "<img" not in cast.browser().get(LIST).text
    assert [deed for _actor, deed, _reason in deeds()][-2:] == [
        "endorsement logo chosen",
        "endorsement logo taken away",
    ]


def test_deleting_at_the_desk_asks_why(cast: Cast) -> None:
    cast.campaign()
    accepted(cast)
    desk = cast.organiser("owner", "canteen")
    one = f"{DESK}/{stored()[0].id}"
    assert desk.send(one + "/withdraw", reason="").status_code == 422
    assert desk.send(one + "/withdraw", reason="asked by phone").status_code == 303
    assert stored() == []
    assert deeds()[-1] == ("Olga", "endorsement withdrawn", "asked by phone")
