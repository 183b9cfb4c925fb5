"""Partners: a box of their own in their own frame, a switch, and contacts that are theirs (S53, S63)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from petition import partners, register, signatures
from petition.base import db, tokens
from petition.contacts import NEWS, Contact, opened
from petition.drafts import Text
from petition.signatures import PendingSignature, Signature
from petition.web.public import news
from tests.cast import Cast, form_token, link_in

FRAME = "/embed/en/campaigns/canteen/by.dockers"


def contacts_now() -> Sequence[Contact]:
    db.session.remove()
    return db.session.scalars(select(Contact).order_by(Contact.wish)).all()


def switch(cast: Cast, on: bool = False) -> None:
    found = partners.read(cast.reading().id, "dockers")
    assert found is not None
    partners.switch(partners.locked(found.id), on=on, actor="a test", reason="", at=db.now())
    db.session.commit()


def signed_there(cast: Cast, **typed: str) -> str:
    """Sign in the partner's frame and press the button; the path of the own page."""
    assert cast.sign_at(**typed).status_code == 303
    (letter,) = cast.deliver()
    assert cast.press(letter).status_code == 303
    return link_in(letter).partition("?")[0]


def test_the_box_is_the_partners_own_unticked_and_names_both_responsible_bodies(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    page = cast.browser().get(FRAME).text
    box = next(line for line in page.splitlines() if 'name="partner_news"' in line)
    assert "checked" not in box
    assert "The Dockers’ Union may write to me." in box
    said = next(line for line in page.splitlines() if "If you tick this" in line)
    assert "privacy@dockers.example" in said
    assert "Dockside Aid" in said
    assert "Twice a year." in said
    assert "partner_news" not in cast.browser().get("/en/campaigns/canteen").text, "only on the partner's own pages"
    assert "partner_news" not in cast.browser().get("/embed/en/campaigns/canteen").text


def test_a_partner_without_words_has_no_box_and_none_can_be_ticked(cast: Cast) -> None:
    cast.campaign()
    cast.partner(terms=partners.Terms("Dockers’ Union", "privacy@dockers.example"))
    assert "partner_news" not in cast.browser().get(FRAME).text
    signed_there(cast, partner_news="y")
    assert contacts_now() == []
    assert register.breakdown(cast.reading().id, "partner") == {"dockers": 1}


def test_a_signature_shows_under_its_partner_and_the_tick_makes_a_contact_by_the_same_button(cast: Cast) -> None:
    """S53, S63: no second letter, and what the contact agreed to is kept with it."""
    reading = cast.campaign()
    partner = cast.partner()
    assert cast.sign_at(partner_news="y").status_code == 303
    (letter,) = cast.deliver()
    assert contacts_now() == []
    cast.press(letter)
    (contact,) = contacts_now()
    assert (contact.wish, contact.partner_version, contact.proof) == (partners.wish(partner.id), 1, "signature")
    assert (opened(contact).address, opened(contact).name) == ("ana@example.org", "Ana María")
    assert cast.deliver() == []
    assert register.breakdown(reading.id, "partner") == {"dockers": 1}


def test_without_the_tick_the_partner_gets_nobody(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    signed_there(cast, news="y")
    assert [one.wish for one in contacts_now()] == [NEWS]


def test_a_ticked_box_stays_ticked_while_the_form_is_mended(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    answer = cast.sign_at(name="", partner_news="y")
    assert answer.status_code == 422
    assert "checked" in next(line for line in answer.text.splitlines() if 'name="partner_news"' in line)
    old = tokens.form(cast.reading().id, 1, 1, "dockers.1", db.now().replace(year=2020))
    again = cast.browser().post(FRAME, data={"token": old, "name": "Ana", "partner_news": "y"})
    assert again.status_code == 422
    assert 'name="partner_news"' in again.text, "an old form is handed back whole"


def test_a_partner_is_switched_off_without_touching_the_campaign(cast: Cast) -> None:
    """S63: its frame then leads to the campaign; what was read before is taken, under no name, and nobody is passed
    on; what came before stays under its name; switched on, all is as it was."""
    reading = cast.campaign()
    cast.partner()
    signed_there(cast, email="first@example.org")
    token = form_token(cast.browser().get(FRAME).text)
    switch(cast)
    page = cast.browser().get(FRAME)
    assert page.status_code == 200
    assert "<form" not in page.text
    assert "no longer stands on this site" in page.text
    assert "cannot be signed" not in page.text
    assert 'href="/en/campaigns/canteen"' in page.text
    assert "<form" in cast.browser().get("/en/campaigns/canteen").text
    typed = {"name": "Ben", "email": "ben@example.org", "country": "IE", "token": token, "partner_news": "y"}
    assert cast.browser().post(FRAME, data=typed).status_code == 303
    cast.press(cast.deliver()[0])
    assert contacts_now() == []
    assert register.breakdown(reading.id, "partner") == {"": 1, "dockers": 1}
    switch(cast, on=True)
    assert "<form" in cast.browser().get(FRAME).text


def test_nobody_is_passed_on_to_a_partner_that_was_switched_off_before_the_button(cast: Cast) -> None:
    reading = cast.campaign()
    cast.partner()
    cast.sign_at(partner_news="y")
    switch(cast)
    cast.press(cast.deliver()[0])
    assert contacts_now() == []
    assert register.breakdown(reading.id, "partner") == {"dockers": 1}


def test_a_key_that_is_nobodys_leaves_the_form_and_counts_under_no_name(cast: Cast) -> None:
    reading = cast.campaign()
    cast.campaign("elsewhere")
    cast.partner()
    signed_there(cast, key="dokcers")
    assert register.breakdown(reading.id, "partner") == {"": 1}
    stolen = tokens.form(reading.id, reading.wording("en").id, 1, "nobody.1", db.now())
    answer = cast.browser().post(
        "/en/campaigns/canteen", data={"name": "Ben", "email": "b@example.org", "country": "IE", "token": stolen}
    )
    assert answer.status_code == 303
    db.session.remove()
    assert db.session.scalars(select(PendingSignature.partner)).all() == [""]


def test_a_form_handed_back_for_a_corrected_text_keeps_its_partner(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    token = form_token(cast.browser().get(FRAME).text)
    cast.campaign(texts={"en": Text("Take all of them back", "the Port", "Forty were dismissed.", "Now.")})
    typed = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token, "partner_news": "y"}
    answer = cast.browser().post(FRAME, data=typed)
    assert answer.status_code == 422
    assert tokens.FormToken(form_token(answer.text)).partner == "dockers.1"


def test_a_contact_stays_with_the_words_they_read(cast: Cast) -> None:
    cast.campaign()
    partner = cast.partner()
    token = form_token(cast.browser().get(FRAME).text)
    changed = replace(partner.terms, asks={"en": "The union may call me every day."})
    partners.change(partners.locked(partner.id), partners.Draft("Dockers’ Union", terms=changed), "a test", db.now())
    db.session.commit()
    typed = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token, "partner_news": "y"}
    cast.browser().post(FRAME, data=typed)
    cast.press(cast.deliver()[0])
    (contact,) = contacts_now()
    assert contact.partner_version == 1
    page = cast.browser().get(news.address(contact)).text
    assert "The Dockers’ Union may write to me." in page
    assert "every day" not in page


def test_the_own_page_shows_the_partner_and_takes_the_tick_back_alone(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    cast.sign_at(partner_news="y", news="y")
    (letter,) = cast.deliver()
    waiting = cast.browser().get(link_in(letter)).text
    assert "letters from Dockers’ Union" in waiting
    path = link_in(letter).partition("?")[0]
    data = cast.browser().get(path + "/data.json").json
    assert data["waiting_for_confirmation"][0]["asked_for"] == {"news": True, "version_of_partners_box": 1}
    cast.press(letter)
    page = cast.browser().get(path).text
    assert "Letters from Dockers’ Union" in page
    assert "Signed on the pages of" in page
    data = cast.browser().get(path + "/data.json").json
    assert (data["news_asked_for"], data["signature"]["partner"]) == (["news"], "dockers")
    (passed,) = data["passed_on_to"]
    assert passed["responsible_address"] == "privacy@dockers.example"
    assert passed["agreed_to"] == "The Dockers’ Union may write to me."
    key = next(one.id for one in contacts_now() if one.wish != NEWS)
    assert cast.browser().post(path + "/stop-news", data={"contact": str(key)}).status_code == 303
    assert [one.wish for one in contacts_now()] == [NEWS]
    assert cast.total() == 1


def test_another_mailboxs_contact_cannot_be_stopped(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    signed_there(cast, partner_news="y")
    other = signed_there(cast, email="ben@example.org")
    (contact,) = contacts_now()
    cast.browser().post(other + "/stop-news", data={"contact": str(contact.id)})
    assert len(contacts_now()) == 1


def test_withdrawing_leaves_the_partners_contact_and_says_where_it_is_ended(cast: Cast) -> None:
    """S53."""
    cast.campaign()
    cast.partner()
    path = signed_there(cast, partner_news="y")
    gone = cast.browser().post(path + "/withdraw")
    (contact,) = contacts_now()
    assert news.address(contact) in gone.text
    page = cast.browser().get(news.address(contact))
    assert "Dockers’ Union may write to you" in page.text
    assert "privacy@dockers.example" in page.text
    assert cast.browser().get(news.address(contact) + "/data.json").json["partner"]["partner"] == "dockers"
    ended = cast.browser().post(news.address(contact), data={"List-Unsubscribe": "One-Click"})
    assert "no longer gets your address" in ended.text
    assert "write to" in ended.text, "it may hold a list from before"
    assert contacts_now() == []


def test_withdrawing_with_everything_ends_the_partners_contact_too(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    path = signed_there(cast, partner_news="y")
    cast.browser().post(path + "/withdraw", data={"contacts": "y"})
    assert contacts_now() == []
    cast.sign_at(email="ben@example.org", partner_news="y")
    letter = cast.deliver()[-1]
    cast.press(letter)
    cast.browser().post(link_in(letter).partition("?")[0] + "/not-me")
    assert contacts_now() == []


def test_a_partners_frame_stands_on_its_own_sites_alone_where_it_names_some(cast: Cast) -> None:
    cast.campaign()
    cast.partner(sites=("https://dockers.example",))
    cast.partner("others")

    def ancestors(path: str) -> str:
        found = re.search(r"frame-ancestors ([^;]*)", cast.browser().get(path).headers["Content-Security-Policy"])
        assert found
        return found.group(1)

    assert ancestors(FRAME) == "'self' https://dockers.example"
    assert ancestors("/embed/en/campaigns/canteen/by.others") == "*"
    assert ancestors("/embed/en/campaigns/canteen") == "*"


def test_a_partner_of_another_campaign_is_none_here(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    other = cast.campaign("elsewhere")
    assert partners.of_key(other.id, "dockers") is None
    assert partners.of_token(other.id, "dockers.1") is None
    assert partners.of_token(cast.reading().id, "dockers.1") is not None
    assert partners.read(other.id, "No key\0") is None


def test_a_signature_keeps_its_partner_when_it_is_corrected(cast: Cast) -> None:
    cast.campaign()
    cast.partner()
    path = signed_there(cast)
    cast.browser().post(path + "/correct", data={"name": "Ana", "country": "ES", "appear": "hidden"})
    db.session.remove()
    (row,) = db.session.scalars(select(Signature)).all()
    assert (row.partner, row.country, signatures.counted(row.campaign_id)) == ("dockers", "ES", 1)
