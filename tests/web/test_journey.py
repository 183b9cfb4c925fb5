"""From the form to the total, as a person walks it (S01–S05)."""

from tests.cast import Cast, link_in


def test_a_signature_counts_once_its_button_is_pressed(cast: Cast) -> None:
    cast.campaign()
    answer = cast.sign("ana@example.org")
    assert answer.status_code == 303
    assert "/en/campaigns/canteen/inbox/" in answer.location
    inbox = cast.browser().get(answer.location)
    assert inbox.status_code == 200
    assert "ana@example.org" in inbox.text
    letters = cast.deliver()
    assert [letter.to for letter in letters] == ["ana@example.org"]
    assert cast.total() == 0
    own = cast.browser().get(link_in(letters[0]))
    assert own.status_code == 200
    assert "Ana María" in own.text
    thanks = cast.press(letters[0])
    assert thanks.status_code == 303
    assert cast.total() == 1
    page = cast.browser().get(thanks.location)
    assert page.status_code == 200
    assert "Thank you. You are counted." in page.text
