"""The versions of a campaign's text: corrected until somebody signs, then kept with their differences (S42)."""

import json
import re
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from petition import wordings
from petition.base import db
from petition.campaigns import Wording
from petition.drafts import Text
from petition.journal import Entry
from petition.signatures import PendingSignature
from petition.wordings import Piece
from tests.cast import Cast, form_token, link_in

TEXT = Text("Take the canteen workers back", "the Port Authority", "Forty were dismissed.", "Take *them* back.")
SPANISH = Text("Readmitan", "la Autoridad", "Despidieron a cuarenta.", "Readmitan.")
PATH = "/en/campaigns/canteen"


def write(cast: Cast, source: str, **changes: str) -> None:
    cast.campaign(publish=False, texts={"en": replace(TEXT, source=source, **changes), "es": SPANISH})


def told() -> list[tuple[str, str]]:
    rows = db.session.execute(select(Entry.deed, Entry.reason).where(Entry.deed.startswith("text")).order_by(Entry.id))
    return [tuple(row) for row in rows]


def bare(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_what_nobody_has_signed_is_corrected_in_its_place_and_what_somebody_has_is_kept(cast: Cast) -> None:
    cast.campaign(texts={"en": TEXT, "es": SPANISH})
    write(cast, "Take *them all* back.")
    assert cast.reading().wording("en").version == 1
    assert cast.sign().status_code == 303
    write(cast, "Take *every one of them* back.")
    assert cast.reading().wording("en").version == 2
    write(cast, "Take *every one* back.")
    assert cast.reading().wording("en").version == 2
    kept = db.session.scalars(select(Wording.source).where(Wording.language == "en").order_by(Wording.version)).all()
    assert kept == ["Take *them all* back.", "Take *every one* back."]
    assert cast.reading().wording("es").version == 1, "in Spanish nothing was changed"
    assert told() == [
        ("text corrected", "en, version 1"), ("text changed", "en, version 2"), ("text corrected", "en, version 2")
    ]  # fmt: skip


def test_who_has_read_a_text_that_was_corrected_meanwhile_reads_it_again_before_they_sign(cast: Cast) -> None:
    """Each signature knows the version that its signer saw: what nobody can see any more, nobody signs."""
    cast.campaign(texts={"en": TEXT, "es": SPANISH})
    client = cast.browser()
    form = {"name": "Ana & Co", "email": "ana@example.org", "country": "IE", "token": form_token(client.get(PATH).text)}
    write(cast, "Leave them out.")
    answer = client.post(PATH, data=form)
    assert answer.status_code == 422
    assert "was corrected while you had the page open" in answer.text
    assert 'value="Ana &amp; Co"' in answer.text
    db.session.remove()
    assert db.session.scalar(select(func.count()).select_from(PendingSignature)) == 0
    assert client.post(PATH, data=form | {"token": form_token(answer.text)}).status_code == 303
    signed = db.session.scalars(select(PendingSignature)).one()
    assert signed.wording_id == cast.reading().wording("en").id


def test_a_signature_that_arrives_while_the_text_is_changed_keeps_the_text_it_saw(cast: Cast) -> None:
    """On PostgreSQL the two wait for each other; on SQLite one writes after the other."""
    cast.campaign(texts={"en": TEXT, "es": SPANISH})
    token = form_token(cast.browser().get(PATH).text)
    form = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": token}
    old = cast.reading().wording("en").id
    db.session.remove()
    answers: list[int] = []

    def sign() -> None:
        answers.append(cast.browser().post(PATH, data=form).status_code)

    def change() -> None:
        with cast.app.app_context():
            write(cast, "Changed.")

    threads = [threading.Thread(target=one) for one in (change, sign)]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join(30)
    newest = cast.reading().wording("en")
    pending = db.session.scalars(select(PendingSignature)).one_or_none()
    if answers == [303]:
        assert (pending and pending.wording_id, newest.version) == (old, 2)
    else:
        assert (answers, pending, newest.version) == ([422], None, 1)


def test_every_version_is_public_with_its_date_and_what_was_changed(cast: Cast) -> None:
    cast.campaign(texts={"en": TEXT, "es": SPANISH})
    assert "was changed on" not in cast.browser().get(PATH).text
    cast.sign()
    write(cast, "Take *all of them* back.\n\nNow.", title="Take every canteen worker back <i>")
    page = cast.browser().get(PATH).text
    assert f'href="{PATH}/wordings/en/2"' in page
    assert "was changed on" in page
    assert "/wordings/" not in cast.browser().get("/es/campaigns/canteen").text
    listed = cast.browser().get(PATH + "/wordings").text
    for place in ("en/2", "en/1", "es/1"):
        assert f'href="{PATH}/wordings/{place}"' in listed
    changed = cast.browser().get(PATH + "/wordings/en/2").text
    assert re.search(r"<del><span[^>]*>\[taken out: </span>the<span[^>]*>\]</span></del>", changed)
    assert re.search(r"<ins><span[^>]*>\[put in: </span>all of<span[^>]*>\]</span></ins>", changed)
    assert "&lt;i&gt;" in changed
    assert "<i>" not in changed
    assert "<em>all of them</em>" in changed, "the whole text as well"
    first = cast.browser().get("/es/campaigns/canteen/wordings/en/1").text
    assert "<ins>" not in first
    assert 'href="/es/campaigns/canteen/wordings/en/2"' in first, "there is a newer one"
    for missing in ("en/3", "en/0", "fr/1", "en/10000", "en/x"):
        assert cast.browser().get(f"{PATH}/wordings/{missing}").status_code == 404


def test_versions_of_what_the_public_may_not_see_are_not_there(cast: Cast) -> None:
    cast.campaign(publish=False)
    for path in ("/wordings", "/wordings/en/1"):
        assert cast.browser().get(PATH + path).status_code == 404


def test_the_own_page_says_which_version_was_signed_and_leads_to_it(cast: Cast) -> None:
    cast.campaign(texts={"en": TEXT, "es": SPANISH})
    letter = cast.signed()
    write(cast, "Take *all of them* back.")
    cast.sign()
    client, path = cast.browser(), link_in(letter).partition("?")[0]
    page = client.get(path).text
    assert f'<a href="{PATH}/wordings/en/1">version 1, English</a>' in page
    assert f'<a href="{PATH}/wordings/en/2">version 2, English</a>' in page
    assert json.loads(client.get(path + "/data.json").text)["signature"]["wording"] == {"language": "en", "version": 1}


def _said(before: str, after: str) -> list[list[Piece]]:
    return wordings._change(("", "", "", before), ("", "", "", after)).text


def test_the_difference_is_told_by_words_where_passages_are_alike_and_by_paragraphs_elsewhere() -> None:
    old = "The first stays.\n\nPay the forty workers now.\n\nThis one goes.\n\nThe last stays."
    new = "The first stays.\n\nPay all forty workers at once.\n\nThe last stays.\n\nThis came."
    first, second, *_others, last, came = _said(old, new)
    assert first == [Piece("same", "The first stays.")]
    assert [piece for piece in second if piece.kind != "same"][:2] == [Piece("gone", "the"), Piece("new", "all")]
    assert last == [Piece("same", "The last stays.")]
    assert came == [Piece("new", "This came.")]
    assert _said("One sentence here.", "Something else entirely, no word of it.") == [
        [Piece("gone", "One sentence here."), Piece("new", "Something else entirely, no word of it.")]
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("船员已经等了三个月。", "船员已经等了六个月。"),
        ("a b c\n\nd e", "a b\n\nc d e f"),
        ("", "x"),
        ("x", ""),
        ("a\n\n\n\nb", "a\n\nb"),
    ],
)
def test_what_stayed_and_went_is_the_old_text_and_what_stayed_and_came_the_new_one(before: str, after: str) -> None:
    found = _said(before, after)
    for kinds, text in ((("same", "gone"), before), (("same", "new"), after)):
        told = "".join(piece.text for paragraph in found for piece in paragraph if piece.kind in kinds)
        assert "".join(told.split()) == "".join(text.split())
    assert sum(len(piece.text) for paragraph in found for piece in paragraph if piece.kind == "gone") <= len(before)


@pytest.mark.parametrize("of", ["a ", "a\n\n", "a b c d e f g h "], ids=["words", "paragraphs", "phrases"])
def test_the_longest_texts_are_compared_in_a_moment(of: str) -> None:
    """20,000 bytes that repeat themselves are the worst there is for comparing."""
    text = of * (20_000 // len(of))
    began = time.monotonic()
    _said(text[: len(text) // 2] + "x " + text, text + "y z")
    assert time.monotonic() - began < 5
