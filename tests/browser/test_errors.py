"""A form that is not right yet: said at once, each sentence a way to its field, nothing typed lost (S30)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import CREW
from tests.browser.test_look import faults

CAMPAIGN = f"/en/campaigns/{CREW}"
TYPED = {"name": "http://ana", "email": "ana@example", "place": "Cork <b>", "comment": "One.\nTwo."}


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_what_the_server_finds_is_summed_up_with_the_focus_on_it_and_nothing_typed_is_lost(
    script: bool, open_page: Callable[..., Page]
) -> None:
    page = open_page(java_script_enabled=script)
    page.goto(CAMPAIGN)
    for field, value in TYPED.items():
        page.locator(f"#f-{field}").fill(value)
    page.locator("#f-country").select_option("IE")
    page.locator("#f-appear").select_option("short")
    page.locator("#f-news").check()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.locator("main form button").click()
    assert answer.value.status == 422
    expect(page.locator("#errors")).to_be_focused()
    assert page.locator("#errors li").count() == 2
    for field in ("name", "email"):
        said = page.locator(f"#e-{field}").inner_text()
        page.locator(f"#errors a[href='#f-{field}']").click()
        expect(page.locator(f"#f-{field}")).to_be_focused()
        assert page.locator(f"#errors a[href='#f-{field}']").inner_text() == said
        assert page.locator(f"#f-{field}").get_attribute("aria-invalid") == "true"
        assert page.locator(f"#f-{field}").get_attribute("aria-describedby") == f"e-{field}"
    for field, value in TYPED.items():
        assert page.locator(f"#f-{field}").input_value() == value
    assert page.locator("#f-country").input_value() == "IE"
    assert page.locator("#f-appear").input_value() == "short"
    expect(page.locator("#f-news")).to_be_checked()


def test_an_empty_form_without_script_has_a_sentence_for_each_field(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(CAMPAIGN)
    page.locator("main form button").click()
    expect(page.locator("#errors")).to_be_focused()
    sentences = page.locator("#errors li").all_inner_texts()
    assert sorted(sentences) == ["Choose your country.", "Type your e-mail address.", "Type your name."]
    for field in ("name", "email", "country"):
        assert page.locator(f"#e-{field}").inner_text() in sentences


def test_the_script_says_what_is_missing_before_anything_is_sent(page: Page) -> None:
    page.goto(CAMPAIGN)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("main form button").click()
    assert page.locator("#errors:focus li").all_inner_texts() == [
        "Type your name.", "Type your e-mail address.", "Choose your country."
    ]  # fmt: skip
    assert page.locator("#f-name").get_attribute("aria-describedby") == "e-name"
    assert sent == []
    assert faults(page) == []
    page.locator("#f-name").fill("Ana")
    page.locator("main form button").click()
    assert page.locator("#errors li").count() == 2
    assert page.locator("#e-name").count() == 0


def test_a_form_is_sent_once_and_works_again_when_one_comes_back(page: Page) -> None:
    page.goto(CAMPAIGN)
    for field, value in (("name", "Ana"), ("email", "ana@example.org")):
        page.locator(f"#f-{field}").fill(value)
    page.locator("#f-country").select_option("IE")
    page.evaluate("document.forms[0].addEventListener('submit', event => event.preventDefault())")
    page.locator("main form button").click()
    expect(page.locator("main form button")).to_be_disabled()
    assert page.locator("main form button").inner_text() == "Sending…"
    page.evaluate("window.dispatchEvent(new Event('pageshow'))")
    assert page.locator("main form button").is_enabled()


def test_wrong_go_back_and_correct_it_leads_to_what_was_typed(page: Page) -> None:
    page.goto(CAMPAIGN)
    page.locator("#f-name").fill("Ana")
    page.locator("#f-email").fill("back@example.org")
    page.locator("#f-country").select_option("IE")
    page.locator("main form button").click()
    page.wait_for_url("**/inbox/*")
    page.go_back()
    assert page.locator("#f-email").input_value() == "back@example.org"
    assert page.locator("main form button").is_enabled()
