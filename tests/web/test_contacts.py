"""Contacts: asked for by a tick, made by the same button, ended by their own link (S53)."""

from sqlalchemy import select

from petition.base import db
from petition.contacts import Contact
from petition.web.public import news
from tests.cast import Cast


def _contact() -> Contact | None:
    db.session.remove()
    return db.session.scalar(select(Contact))


def _signed_with_news(cast: Cast) -> str:
    cast.campaign()
    cast.signed("ana@example.org", news="y")
    contact = _contact()
    assert contact is not None
    return news.address(contact)


def test_news_is_never_ticked_beforehand(cast: Cast) -> None:
    cast.campaign()
    page = cast.browser().get("/en/campaigns/canteen").text
    box = next(line for line in page.splitlines() if 'name="news"' in line)
    assert "checked" not in box


def test_the_tick_makes_a_contact_only_when_the_button_is_pressed_and_sends_no_second_letter(cast: Cast) -> None:
    cast.campaign()
    cast.sign("ana@example.org", news="y")
    letters = cast.deliver()
    assert _contact() is None
    cast.press(letters[0])
    assert _contact() is not None
    assert cast.deliver() == []


def test_without_the_tick_there_is_no_contact(cast: Cast) -> None:
    cast.campaign()
    cast.signed("ana@example.org")
    assert _contact() is None


def test_looking_at_the_news_page_changes_nothing(cast: Cast) -> None:
    path = _signed_with_news(cast)
    for method in ("GET", "HEAD", "GET"):
        assert cast.browser().open(path, method=method).status_code == 200
    assert _contact() is not None


def test_a_mail_programs_one_click_post_unsubscribes_and_leaves_the_signature(cast: Cast) -> None:
    path = _signed_with_news(cast)
    answer = cast.browser().post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert _contact() is None
    assert cast.total() == 1
    again = cast.browser().post(path, data={"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200


def test_withdrawing_does_not_unsubscribe_unasked(cast: Cast) -> None:
    cast.campaign()
    letter = cast.signed("ana@example.org", news="y")
    path = letter.text.split("http://localhost", 1)[1].split("?")[0].split()[0]
    cast.browser().post(path + "/withdraw")
    assert cast.total() == 0
    assert _contact() is not None


def test_an_own_pages_token_opens_no_news_page_and_a_forged_one_is_404(cast: Cast) -> None:
    cast.campaign()
    letter = cast.signed("ana@example.org", news="y")
    path = letter.text.split("http://localhost", 1)[1].split("?")[0].split()[0]
    assert cast.browser().get(path + "/news").status_code == 404
    assert cast.browser().post("/t/forged.token/news").status_code == 404
    contact = _contact()
    assert contact is not None
    token = news.address(contact).split("/")[2]
    assert cast.browser().get(f"/t/{token}").status_code == 404
