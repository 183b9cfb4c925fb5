"""Campaigns at the desk: from the first form to the outcome, through the same verbs as the commands (issue 9)."""

import html
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from petition import campaigns, demo, drafts, phrases, pictures, register, signatories, teams
from petition.base import db
from petition.campaigns import Phase
from petition.drafts import Text
from petition.fields import Field
from petition.journal import Entry
from tests.cast import TERMS, Cast
from tests.domain.test_images import picture
from tests.organisers import Desk, token_in
from tests.signers import enter, signer

#: Days are typed here, and each must be one to come.
pytestmark = pytest.mark.usefixtures("summer_of_2030")

ROOT = "/desk/campaigns/canteen"
NEW = {
    "title": "Take the canteen workers back!", "addressee": "the Port Authority", "standfirst": "Forty were dismissed.",
    "source": "Take *them* back.", "language": "en", "slug": "", "responsible": "Dockside Aid",
    "responsible_address": "list@dockside.example", "handed_to": "", "months": "6", "ground": "consent",
    "hand-name": "y", "hand-country": "y", "hand-place": "y",
}  # fmt: skip


def typed_in(page: str, action: str) -> dict[str, str]:
    """What the fields of a page's form hold, as a browser would send them."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form, f"no form goes to {action}"
    found = {}
    for tag in re.findall(r"<input[^>]*>", form[1]):
        kept = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if kept.get("type") not in ("checkbox", "radio", "file") or re.search(r"\schecked", tag):
            found[kept["name"]] = html.unescape(kept.get("value", ""))
    for name, said in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', form[1], re.DOTALL):
        found[name] = html.unescape(said)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form[1], re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


def change(desk: Desk, path: str, **typed: str) -> Any:
    """Open a page, change something in its form, send it as a browser does."""
    return desk.client.post(path, data=typed_in(desk.get(path).text, path) | typed)


def framed(page: str) -> str:
    """The public page in a preview's frame."""
    found = re.search(r'class="phone"[^>]*srcdoc="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def errors(page: str) -> list[str]:
    """What the summary on top says."""
    top = page.partition('id="errors"')[2].partition("</ul>")[0]
    return [html.unescape(one) for one in re.findall(r"<li><a[^>]*>([^<]*)</a>", top)]


def deeds() -> list[tuple[str, str]]:
    """The journal: what, why."""
    found = [(one.deed, one.reason) for one in db.session.scalars(select(Entry).order_by(Entry.id))]
    db.session.remove()
    return found


def phase(cast: Cast) -> Phase:
    """Where the campaign stands."""
    found = campaigns.phase(cast.reading(), db.now())
    db.session.remove()
    return found


def test_a_new_organiser_has_a_campaign_in_public_with_two_forms(app: Flask, cast: Cast) -> None:
    """Its maker is its owner; who is responsible stands in the form already."""
    desk = cast.organiser(teams.ORGANISER)
    given = typed_in(desk.get("/desk/campaigns/new").text, "/desk/campaigns/new")
    assert (given["responsible"], given["months"], given["hand-name"]) == ("The Solidarity Post", "12", "y")
    answer = desk.client.post("/desk/campaigns/new", data=given | NEW)
    slug = "take-the-canteen-workers-back"
    assert answer.location == f"/desk/campaigns/{slug}?done=made"
    assert cast.browser().get(f"/en/campaigns/{slug}").status_code == 404
    assert "you are its owner" in desk.get(answer.location).text
    assert teams.role_of(desk.account_id, cast.reading(slug).id) == teams.OWNER
    answer = change(desk, f"/desk/campaigns/{slug}/run/publish")
    assert answer.status_code == 303
    page = cast.browser().get(f"/en/campaigns/{slug}").text
    assert "Dockside Aid" in page
    assert 'name="place"' in page
    reading = cast.reading(slug)
    assert reading.consent is not None
    assert reading.consent.handed_to == {"en": "the Port Authority"}
    assert [one for one, _why in deeds()][-3:] == ["campaign made", "grant given: owner", "campaign published"]


def test_what_is_wrong_is_said_and_everything_typed_stays(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.ORGANISER)
    wrong = NEW | {"title": "", "source": "x" * 20_001, "months": "0", "ground": "because", "slug": "No Slug",
                   "language": "xx", "standfirst": "Keep this."}  # fmt: skip
    answer = desk.send("/desk/campaigns/new", **wrong)
    assert (answer.status_code, len(errors(answer.text))) == (422, 6)
    assert ("Keep this." in answer.text, "x" * 20_001 in answer.text) == (True, True)
    for taken in ("canteen", "new"):
        assert desk.send("/desk/campaigns/new", **NEW | {"slug": taken}).status_code == 422
    assert len(campaigns.every()) == 1


def test_addresses_are_made_from_titles_and_never_another_campaigns(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.ORGANISER)
    for title, slug in (("Über Łódź: 40 años", "uber-lodz-40-anos"), ("أعيدوا العاملات", "campaign"),
                        ("أعيدوا العاملات", "campaign-2"), ("New", "new-2")):  # fmt: skip
        answer = desk.send("/desk/campaigns/new", **NEW | {"title": title})
        assert answer.location == f"/desk/campaigns/{slug}?done=made"
    with pytest.raises(drafts.SlugRefused):
        drafts.make(drafts.Draft("campaign", "en", {}, TERMS), "a test")


def test_a_preview_shows_the_public_page_with_what_is_not_saved_and_loses_nothing(app: Flask, cast: Cast) -> None:
    desk = cast.organiser(teams.ORGANISER)
    answer = desk.send("/desk/campaigns/new", **NEW, then="preview")
    page = framed(answer.text)
    assert "<h1>Take the canteen workers back!</h1>" in page
    assert "Take <em>them</em> back." in page
    assert 'name="email"' in page
    assert campaigns.every() == []
    carried = typed_in(answer.text, "/desk/campaigns/new")
    assert {name: carried[name] for name in NEW} == NEW | {"slug": "take-the-canteen-workers-back"} | {"slug": ""}
    back = desk.client.post("/desk/campaigns/new", data=carried | {"then": "edit"})
    assert typed_in(back.text, "/desk/campaigns/new")["title"] == NEW["title"]
    assert desk.client.post("/desk/campaigns/new", data=carried).status_code == 303
    slug = "take-the-canteen-workers-back"
    assert "Public no more" not in framed(desk.get(f"/desk/campaigns/{slug}/preview/en").text)
    assert desk.get(f"/desk/campaigns/{slug}/preview/fr").status_code == 404
    cast.campaign()
    other = cast.organiser(teams.OWNER, "canteen", name="Ona")
    page = other.get("/desk/campaigns/canteen/preview/es").text
    assert ("Tu nombre" in framed(page), "On a phone" in page) == (True, True)
    path = f"/desk/campaigns/{slug}/texts/en"
    assert "Another one" in framed(change(desk, path, title="Another one", then="preview").text)
    assert cast.reading(slug).wording("en").title == NEW["title"]


def test_a_second_language_is_written_beside_the_first_and_marked_once_that_has_changed(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.EDITOR, "canteen")
    assert change(desk, ROOT + "/texts", language="ar").location == ROOT + "/texts/ar"
    page = desk.get(ROOT + "/texts/ar").text
    assert "Forty were dismissed." in page
    arabic = {
        "title": "أعيدوا العاملات",
        "addressee": "سلطة الميناء",
        "standfirst": "فُصلت أربعون.",
        "source": "أعيدوهن.",
    }
    assert change(desk, ROOT + "/texts/ar", **arabic).location == ROOT + "/texts/ar?done=saved"
    assert "أعيدوا العاملات" in cast.browser().get("/ar/campaigns/canteen").text
    assert "older than the first text" not in desk.get(ROOT + "/texts").text
    change(desk, ROOT + "/texts/en", source="Take every one back.")
    assert desk.get(ROOT + "/texts").text.count("older than the first text") == 2
    assert desk.get(ROOT).text.count("Compare them") == 2
    assert change(desk, ROOT + "/texts/es").location == ROOT + "/texts/es?done=same"
    assert change(desk, ROOT + "/texts/es", checked="y").location == ROOT + "/texts/es?done=checked"
    assert desk.get(ROOT + "/texts").text.count("older than the first text") == 1
    assert desk.get(ROOT + "/texts/xx").status_code == 404
    assert desk.send(ROOT + "/texts", language="xx").status_code == 422


def test_after_the_first_signature_a_change_is_a_new_version_and_the_form_says_so(app: Flask, cast: Cast) -> None:
    """S42."""
    cast.campaign()
    desk = cast.organiser(teams.EDITOR, "canteen")
    assert "signed the text" not in desk.get(ROOT + "/texts/en").text
    cast.signed()
    page = desk.get(ROOT + "/texts/en").text
    assert "1 person has signed the text as it is. Your change becomes version 2" in page
    assert "signed the text" not in desk.get(ROOT + "/texts/es").text
    answer = change(desk, ROOT + "/texts/en", title="Take all of them back")
    assert answer.location == ROOT + "/texts/en?done=version"
    assert 'href="/en/campaigns/canteen/wordings/en/2"' in desk.get(answer.location).text
    assert "Take all of them back" in cast.browser().get("/en/campaigns/canteen/wordings/en/2").text
    assert cast.reading().wording("en").version == 2


def test_the_second_of_two_editors_is_told_sees_both_texts_and_loses_nothing(app: Flask, cast: Cast) -> None:
    cast.campaign()
    ana, ben = (cast.organiser(teams.EDITOR, "canteen", name=name) for name in ("Ana", "Ben"))
    path = ROOT + "/texts/en"
    mine = typed_in(ben.get(path).text, path)
    change(ana, path, title="Ana’s title", source="Ana’s text.")
    answer = ben.client.post(path, data=mine | {"source": "Ben’s text.", "standfirst": "Ben’s words."})
    page = answer.text
    assert answer.status_code == 409
    assert re.search(r"Ana \(account \d+\)</bdi> changed this", page)
    assert "Ana’s text." in page
    again = typed_in(page, path)
    # What only she changed is in his form, what both changed is as he typed it.
    assert (again["title"], again["source"], again["standfirst"]) == ("Ana’s title", "Ben’s text.", "Ben’s words.")
    assert cast.reading().wording("en").source == "Ana’s text."
    answer = ben.client.post(path, data=again | {"source": "Ana’s and Ben’s text."})
    assert answer.status_code == 303
    new = cast.reading().wording("en")
    assert (new.title, new.source, new.standfirst) == ("Ana’s title", "Ana’s and Ben’s text.", "Ben’s words.")


@pytest.mark.parametrize(("path", "mine", "theirs"), [
    ("/look", {"goals": "77"}, {"goals": "88"}), ("/terms", {"months": "7"}, {"months": "8"}),
    ("/form", {"ask-role": "required"}, {"ask-role": ""}), ("/run/outcome", {"outcome-en": "A"}, {"outcome-en": "B"}),
])  # fmt: skip
def test_no_corner_overwrites_what_somebody_else_has_saved(
    app: Flask, cast: Cast, path: str, mine: dict[str, str], theirs: dict[str, str]
) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    opened = typed_in(desk.get(ROOT + path).text, ROOT + path)
    assert change(desk, ROOT + path, **theirs).status_code == 303
    answer = desk.client.post(ROOT + path, data=opened | mine)
    assert (answer.status_code, "Somebody else saved meanwhile" in answer.text) == (409, True)
    again = typed_in(answer.text, ROOT + path)
    assert again.items() >= mine.items()
    assert desk.client.post(ROOT + path, data=again).status_code == 303
    assert typed_in(desk.get(ROOT + path).text, ROOT + path).items() >= mine.items()


def test_a_lost_session_and_an_old_form_keep_what_was_typed(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    path = ROOT + "/texts/en"
    typed = typed_in(desk.get(path).text, path) | {"source": "Hours\nof work.", "csrf_token": "old"}
    answer = desk.client.post(path, data=typed)
    assert (answer.status_code, "Hours\nof work." in answer.text) == (400, True)
    desk.send("/desk/account/sessions/end-all")
    answer = desk.client.post(path, data=typed | {"csrf_token": token_in(desk.get("/desk/sign-in").text)})
    assert (answer.status_code, "Hours\nof work." in answer.text) == (401, True)


def test_dates_are_typed_by_the_clocks_of_the_place_and_said_in_words(app: Flask, cast: Cast) -> None:
    """S43, across a change of the clocks."""
    cast.campaign()
    desk = cast.organiser(teams.EDITOR, "canteen")
    path = ROOT + "/look"
    answer = change(desk, path, time_zone="Europe/Madrid", closes="2030-10-27T02:30", goals="2.000\n500\n500")
    assert answer.status_code == 303
    reading = cast.reading()
    assert reading.closes_at == datetime(2030, 10, 27, 0, 30, tzinfo=UTC)
    assert reading.goals == (500, 2000)
    page = desk.get(path).text
    assert "Sunday, 27 October 2030, 02:30" in page.replace("at ", "")
    assert "show this hour twice" in page
    assert typed_in(page, path)["closes"] == "2030-10-27T02:30"
    change(desk, path, closes="2031-01-15T18:00")
    assert "the hour is the one they show then" in desk.get(path).text
    answer = change(desk, path, closes="2031-03-30T02:30")
    assert (answer.status_code, "skip this hour" in answer.text) == (422, True)


@pytest.mark.parametrize(("typed", "said"), [
    ({"closes": "2020-01-01T00:00"}, "has passed"), ({"closes": "tomorrow"}, "Type a day and an hour"),
    ({"closes": "9999-01-01T00:00"}, "Choose a year"), ({"opens": "2031-01-01T00:00"}, "has begun already"),
    ({"goals": "many"}, "whole number"), ({"time_zone": "Europe/Nowhere"}, "name of a time zone"),
    ({"colour": "#ffe000"}, "too pale"), ({"colour": "red"}, "six digits"),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_kept(app: Flask, cast: Cast, typed: dict[str, str], said: str) -> None:
    cast.campaign()
    desk = cast.organiser(teams.EDITOR, "canteen")
    answer = change(desk, ROOT + "/look", **typed | {"goals": typed.get("goals", "4711")})
    assert (answer.status_code, said in " ".join(errors(answer.text))) == (422, True)
    assert (typed.get("goals", "4711")) in answer.text
    assert cast.reading().goals == (1000, 5000)


def test_a_pale_colour_comes_back_as_one_that_can_be_read_and_is_seen_before_it_is_saved(
    app: Flask, cast: Cast
) -> None:
    cast.campaign()
    desk = cast.organiser(teams.EDITOR, "canteen")
    path = ROOT + "/look"
    suggested = typed_in(change(desk, path, colour="#ffe000").text, path)
    assert "/" + suggested["colour"][1:] + ".css" in framed(
        change(desk, path, colour=suggested["colour"], then="preview").text
    )
    assert cast.reading().colour == "b3201b"
    assert desk.client.post(path, data=suggested).status_code == 303
    assert cast.reading().colour == suggested["colour"][1:]


def test_a_picture_is_taken_with_words_in_every_language_described_anew_and_taken_away(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.EDITOR, "canteen")
    path, words = ROOT + "/look/picture", {"alt-en": "A crane", "alt-es": "Una grúa"}

    def send(data: bytes, **typed: str) -> Any:
        fields = {"csrf_token": token_in(desk.get(ROOT + "/look").text), "picture": FileStorage(BytesIO(data), "x.jpg")}
        boundary, body = encode_multipart(fields | typed)
        return desk.client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")

    # Larger than any other form of the desk may be.
    large = picture(size=(3000, 2000)) + bytes(700_000)
    answer = send(large, **{"alt-en": "A crane"})
    assert (answer.status_code, "A crane" in answer.text) == (422, True)
    for bad in (b"", b"<svg>", large[:2000]):
        assert send(bad, **words).status_code == 422
    assert pictures.of_campaign(cast.reading().id) is None
    assert send(large, **words).location == ROOT + "/look?done=picture"
    assert 'alt="Una grúa"' in cast.browser().get("/es/campaigns/canteen").text
    assert send(b"", **words | {"alt-en": "A crane at night"}).status_code == 303
    assert 'alt="A crane at night"' in cast.browser().get("/en/campaigns/canteen").text
    assert desk.send(path + "/remove").status_code == 303
    assert pictures.of_campaign(cast.reading().id) is None


def test_the_form_asks_questions_of_the_campaigns_own(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    path = ROOT + "/form"
    new = {"own-0-label-en": "Where do you work?", "own-0-label-es": "¿Dónde trabajas?", "own-0-kind": "choice",
           "own-0-need": "required", "own-0-options-en": "On the docks\n\nOn board", "ask-role": ""}  # fmt: skip
    seen = framed(change(desk, path, **new, then="preview").text)
    assert ("On the docks" in seen, 'name="role"' in seen) == (True, False)
    assert change(desk, path, **new, **{"own-0-options-es": "Uno"}).status_code == 422
    assert change(desk, path, **new).status_code == 303
    reading = cast.reading()
    docks, board = ("on_the_docks", {"en": "On the docks"}), ("on_board", {"en": "On board"})
    labels = {"en": "Where do you work?", "es": "¿Dónde trabajas?"}
    assert reading.fields == (Field("where_do_you_work", "choice", True, labels, (docks, board)),)
    assert "role" not in reading.asks
    root = "own-where_do_you_work"
    page = desk.get(path).text
    assert typed_in(page, path)[f"{root}-options-en"] == "On the docks\nOn board"
    # A second one before it; the option that stays keeps its key.
    change(desk, path, **{"own-0-label-en": "Born", "own-0-kind": "date", "own-0-place": "1", f"{root}-place": "2",
                          f"{root}-options-en": "On board\nIn the canteen"})  # fmt: skip
    fields = cast.reading().fields
    assert [one.key for one in fields] == ["born", "where_do_you_work"]
    assert [key for key, _words in fields[1].options] == ["on_board", "in_the_canteen"]
    answer = change(desk, path, **{"own-born-kind": "text"})
    assert (answer.status_code, "keeps its kind" in answer.text) == (422, True)
    assert change(desk, path, **{"own-born-need": ""}).status_code == 303
    assert [one.key for one in cast.reading().fields] == ["where_do_you_work"]


def test_what_the_terms_hand_over_is_asked_and_what_is_asked_can_be_handed_over(app: Flask, cast: Cast) -> None:
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    answer = change(desk, ROOT + "/form", **{"ask-country": ""})
    assert (answer.status_code, "Change the terms first" in answer.text) == (422, True)
    change(desk, ROOT + "/form", **{"own-0-label-en": "Berth"})
    assert change(desk, ROOT + "/terms", **{"hand-own:berth": "y"}).status_code == 303
    reading = cast.reading()
    assert reading.consent is not None
    assert reading.consent.fields == ["name", "country", "own:berth"]


def test_terms_are_kept_in_versions_that_say_what_changed(app: Flask, cast: Cast) -> None:
    """S48."""
    cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    path = ROOT + "/terms"
    assert change(desk, path).location == path + "?done=same"
    assert change(desk, path, months="3", **{"to-es": "la Autoridad Portuaria"}).location == path + "?done=saved"
    page = desk.get(path).text
    assert "How long details are kept: was “6”, is “3”" in page
    assert "3 months" in cast.browser().get("/en/campaigns/canteen/privacy").text
    everything = typed_in(page, path)
    nothing = {name: said for name, said in everything.items() if not name.startswith("hand-")}
    for wrong in (
        nothing,
        everything | {"responsible": ""},
        everything | {"to-en": ""},
        everything | {"months": "121"},
    ):
        assert desk.client.post(path, data=wrong).status_code == 422
    reading = cast.reading()
    assert reading.consent is not None
    assert (reading.consent.version, reading.consent.handed_to["es"]) == (2, "la Autoridad Portuaria")


def test_a_campaign_is_run_from_draft_to_outcome(app: Flask, cast: Cast) -> None:
    cast.campaign(publish=False)
    desk = cast.organiser(teams.OWNER, "canteen")
    run = ROOT + "/run"
    assert change(desk, run + "/publish", at="2020-01-01T10:00").status_code == 422
    assert change(desk, run + "/publish", at="2031-05-01T10:00").status_code == 303
    assert (phase(cast), "Will be public" in desk.get(run).text) == (Phase.DRAFT, True)
    assert change(desk, run + "/put-off").status_code == 303
    assert cast.reading().published_at is None
    assert change(desk, run + "/publish").status_code == 303
    cast.signed()
    assert "1 person has signed." in desk.get(run + "/pause").text
    assert change(desk, run + "/pause").status_code == 422
    assert change(desk, run + "/pause", reason="a flood").status_code == 303
    assert phase(cast) is Phase.PAUSED
    assert desk.send(run + "/pause", reason="again").status_code == 422
    assert change(desk, run + "/resume").status_code == 303
    assert change(desk, run + "/close", at="2031-05-01T10:00", reason="they sit in May").status_code == 303
    assert phase(cast) is Phase.OPEN
    assert change(desk, run + "/close", reason="they gave in").status_code == 303
    assert phase(cast) is Phase.CLOSED
    assert change(desk, run + "/reopen", reason="they did not", at="2031-05-01T10:00").status_code == 303
    assert phase(cast) is Phase.OPEN
    change(desk, run + "/close", reason="they gave in")
    assert change(desk, run + "/outcome", **{"outcome-en": "They are back.\r\nAll forty."}).status_code == 303
    page = cast.browser().get("/en/campaigns/canteen").text
    assert "They are back.\nAll forty." in page
    said = desk.get(run + "/withdraw").text
    assert ("1 person has signed." in said, "cannot be undone" in said) == (True, True)
    assert change(desk, run + "/withdraw", reason="a mistake").status_code == 303
    assert cast.browser().get("/en/campaigns/canteen").status_code == 410
    assert desk.get(run).text.count("/run/outcome") == 0
    reasons = dict(deeds())
    assert (reasons["campaign paused"], reasons["campaign withdrawn"]) == ("a flood", "a mistake")


def test_what_must_be_said_first_is_named_and_nothing_goes_public_without_it(app: Flask, cast: Cast) -> None:
    """S48."""
    cast.campaign(publish=False, terms=drafts.Terms("", "", {}, [], 0, ""))
    desk = cast.organiser(teams.OWNER, "canteen")
    assert "Fill in the terms" in desk.get(ROOT).text
    answer = change(desk, ROOT + "/run/publish")
    assert (answer.status_code, phase(cast)) == (422, Phase.DRAFT)
    change(desk, ROOT + "/terms", responsible="Aid", responsible_address="a@b.example", months="1", ground="consent",
           **{"hand-name": "y", "to-en": "the port"})  # fmt: skip
    assert change(desk, ROOT + "/run/publish").status_code == 303


def test_what_would_be_over_at_once_is_not_published(app: Flask, cast: Cast) -> None:
    cast.campaign(publish=False, closes_at=db.now() - timedelta(days=1))
    desk = cast.organiser(teams.OWNER, "canteen")
    assert change(desk, ROOT + "/run/publish").status_code == 422
    assert phase(cast) is Phase.DRAFT


def test_words_for_a_language_the_interface_does_not_speak_are_typed_in_beside_the_english_ones(
    app: Flask, cast: Cast
) -> None:
    """They are used once none is missing; a file that translators know does the same."""
    arabic = Text("أعيدوا العاملات", "سلطة الميناء", "فُصلت أربعون.", "أعيدوهن.")
    cast.campaign(texts={"en": Text("One", "the port", "Short.", "Long."), "ar": arabic})
    desk = cast.organiser(teams.EDITOR, "canteen")
    path, count = ROOT + "/words/ar", len(phrases.sentences())
    assert f"{count} of {count} sentences" in desk.get(ROOT + "/words").text
    page = desk.get(path).text
    found = re.search(r'<label for="f-(w-[0-9a-f]+)" lang="en">Your name</label>', page)
    assert found
    assert change(desk, path, **{found[1]: "اسمك %(x)s"}).status_code == 422
    assert change(desk, path, **{found[1]: "اسمك"}).status_code == 303
    assert f"{count - 1} of {count} sentences" in desk.get(ROOT + "/words").text
    crew = Path(demo.__file__).parent / "campaigns/bring-the-corvane-crew-home/ar.po"

    def send(data: bytes) -> Any:
        typed = {"csrf_token": token_in(desk.get(path).text), "file": (BytesIO(data), "ar.po")}
        return desk.client.post(path + "/file", data=typed, content_type="multipart/form-data")

    for bad in (b"", b"no such file", b"\xff"):
        assert send(bad).status_code == 422
    assert send(crew.read_bytes()).status_code == 303
    assert "Complete, and in use." in desk.get(path).text
    # A preview speaks the campaign's words within its frame, and the organiser's around it.
    page = desk.get(ROOT + "/preview/ar").text
    assert ("اسمك" in framed(page), "On a phone" in page) == (True, True)
    assert desk.get(path + "/file").data.count(b"msgid") > count
    assert 'lang="ar"' in cast.browser().get("/ar/campaigns/canteen").text.partition("<head>")[0]
    assert desk.get(ROOT + "/words/es").status_code == 404
    # A title that a letter's subject would tell is refused, and kept.
    subject = next(one.words for one in phrases.sentences() if one.is_subject)
    word = max(str(phrases.kept(cast.reading().id)["ar"][subject]).split(), key=len)
    answer = change(desk, ROOT + "/texts/ar", title=f"{word} {word}")
    assert (answer.status_code, word in answer.text) == (422, True)


def test_first_signatories_are_found_put_in_order_and_taken_off(app: Flask, cast: Cast) -> None:
    cast.campaign()
    for name in ("Ana", "Ben", "Cem"):
        cast.signed(f"{name}@example.org", name=name, appear="full")
    cast.signed("hidden@example.org", name="Hidden One")
    desk = cast.organiser(teams.MODERATOR, "canteen")
    path = ROOT + "/first"
    assert "Nobody stands on top yet" in desk.get(path).text
    page = desk.get(path + "?q=ben").text
    assert ("Ben" in page, "Hidden One" in page) == (True, False)
    found = re.search(r'name="signature" value="(\d+)"', page)
    assert found
    assert desk.send(path + "/add", signature=found[1]).status_code == 303
    # By address, whatever its capitals; who is not shown is not put there, and the look is kept.
    assert desk.send(path + "/find", email="ANA@example.org").status_code == 303
    for nobody in ("hidden@example.org", "nobody@example.org", "no address"):
        answer = desk.send(path + "/find", email=nobody)
        assert (answer.status_code, nobody in answer.text) == (422, True)
    assert [one for one, _why in deeds()].count("signature looked up") == 3
    campaign_id = cast.reading().id
    assert [one.name for one in signatories.first(campaign_id)] == ["Ben", "Ana"]
    ids = {one.name: one.id for one in signatories.first(campaign_id)}
    opened = typed_in(desk.get(path).text, path)
    assert desk.client.post(path, data=opened | {f"place-{ids['Ben']}": "3"}).status_code == 303
    assert [one.name for one in signatories.first(campaign_id)] == ["Ana", "Ben"]
    # The page that was opened before is told of it.
    assert desk.client.post(path, data=opened | {f"place-{ids['Ana']}": "9"}).status_code == 409
    assert change(desk, path, **{f"place-{ids['Ana']}": ""}).status_code == 303
    assert [one.name for one in signatories.first(campaign_id)] == ["Ben"]
    assert desk.send(path + "/add", signature="1").status_code == 422


def test_the_address_is_changed_and_the_old_one_leads_there(app: Flask, cast: Cast) -> None:
    cast.campaign()
    cast.campaign("other")
    desk = cast.organiser(teams.OWNER, "canteen")
    path = ROOT + "/look/address"
    for wrong in ("other", "no good", "new"):
        assert desk.send(path, slug=wrong).status_code == 422
    assert desk.send(path, slug="kitchen").location == "/desk/campaigns/kitchen/look?done=address"
    assert cast.browser().get("/en/campaigns/canteen").location == "/en/campaigns/kitchen"


def test_a_campaign_whose_people_are_forgotten_stays_as_it_is(app: Flask, cast: Cast) -> None:
    cast.campaign()
    row = cast.row()
    row.closes_at, row.forgotten_at, row.hash_key = db.now() - timedelta(days=400), db.now(), None
    db.session.commit()
    desk = cast.organiser(teams.OWNER, "canteen")
    for path, typed in (("/texts/en", {"title": "New"}), ("/look", {"goals": "1"}), ("/terms", {"months": "7"}),
                        ("/form", {"ask-role": ""})):  # fmt: skip
        answer = change(desk, ROOT + path, **typed)
        assert (answer.status_code, "are forgotten" in answer.text) == (422, True), path
    assert desk.send(ROOT + "/first/find", email="ana@example.org").status_code == 422
    assert desk.get(ROOT + "/run/reopen").status_code == 422


def test_every_page_of_a_campaign_costs_as_many_queries_with_a_thousand_signatures_as_with_one(
    app: Flask, cast: Cast
) -> None:
    """No page counts rows, but for the few that wait, by their own index: a million signatures cost what one does."""
    reading = cast.campaign()
    desk = cast.organiser(teams.OWNER, "canteen")
    pages = ["", "/texts", "/texts/en", "/look", "/form", "/terms", "/first", "/run", "/run/close", "/run/outcome",
             "/preview/en", "/journal"]  # fmt: skip
    statements: list[str] = []
    engine = db.database().engine

    def count() -> dict[str, int]:
        found = {}
        for page in pages:
            statements.clear()
            assert desk.get(ROOT + page).status_code == 200
            found[page] = len(statements)
            assert not [
                one
                for one in statements
                if re.search(r"count\(\*\)[^;]*FROM signature(?!\s+WHERE state <> 'counted')", one, re.DOTALL)
            ]
        return found

    def heard(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    enter(signer(reading, "Ana", "IE", ""))
    cast.number()
    for one in (engine, db.database().reader):
        event.listen(one, "before_cursor_execute", heard)
    before = count()
    enter(*(signer(reading, f"Ana {n}", "IE", "") for n in range(300)))
    cast.number()
    after = count()
    assert register.total(reading.id) == 301
    assert after == before
    assert max(before.values()) < 45


def test_texts_in_the_first_language_alone_teach_what_another_one_does(app: Flask, cast: Cast) -> None:
    cast.campaign(texts={"en": Text("One", "the port", "Short.", "Long.")})
    desk = cast.organiser(teams.EDITOR, "canteen")
    assert "So far there is one language" in desk.get(ROOT + "/texts").text
    assert "Start a campaign" not in desk.get("/desk/").text
    assert "Start a campaign" in cast.organiser(teams.ORGANISER, name="Ora").get("/desk/").text
