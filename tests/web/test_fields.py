"""A campaign's own fields: asked, checked, sealed, shown and corrected on the own page, written out."""

import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from petition import drafts, export, fields
from petition.base import db
from petition.fields import Field, FieldsRefused
from petition.journal import Entry
from petition.lists import ExportRefused
from petition.selection import Filter
from petition.signatures import Signature
from tests.cast import TERMS, Cast, form_token, link_in

TRADE = Field(
    "trade", "choice", True, {"en": "What do you work as?", "es": "¿En qué trabajas?"},
    (("dock", {"en": "On the docks", "es": "En el muelle"}), ("ship", {"en": "On board", "es": "A bordo"})),
)  # fmt: skip
BORN = Field("born", "date", False, {"en": "Date of birth", "es": "Fecha de nacimiento"})
CODE = Field("code", "postcode", False, {"en": "Postcode"})
BERTH = Field("berth", "text", False, {"en": "Berth <b>"})
OWN = (TRADE, BORN, CODE, BERTH)
TYPED = {"own:trade": "ship", "own:born": "1990/5/3", "own:code": "D02 AF30", "own:berth": "=1+1 Quay & Sons"}
HANDED = replace(TERMS, fields=["name", "own:trade", "own:born"])


@pytest.fixture
def asking(cast: Cast) -> Cast:
    """A campaign that asks four things of its own."""
    cast.campaign(fields=OWN, terms=HANDED)
    return cast


def _draft(cast: Cast, **changes: object) -> None:
    """The campaign's draft again, changed."""
    cast.campaign(publish=False, **({"fields": OWN, "terms": HANDED} | changes))


def _own(cast: Cast, letter: object) -> str:
    return link_in(letter).partition("?")[0]  # type: ignore[arg-type]


def _posted(page: str) -> dict[str, str]:
    """What the correcting form of an own page would send, unchanged, of the campaign's own fields."""
    found = dict(re.findall(r'<input id="f-[^"]+" name="(own:[^"]+)" type="[a-z]+" value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="f-[^"]+" name="(own:[^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return found


def test_the_form_asks_them_in_the_readers_language_or_the_first_one_where_that_is_missing(asking: Cast) -> None:
    page = asking.browser().get("/es/campaigns/canteen").text
    assert "¿En qué trabajas?" in page
    assert '<option value="ship">A bordo' in page
    assert "Año, mes y día" in page
    assert '<span lang="en" dir="ltr">Postcode</span>' in page
    assert "Berth &lt;b&gt;" in page
    assert "<b>" not in page
    assert 'data-say="Responde: ¿En qué trabajas?"' in page
    assert page.count('aria-required="true"') == 4, "name, address, country, trade"


def test_what_is_missing_or_wrong_is_told_in_its_place_and_in_the_summary_and_what_was_typed_stays(
    asking: Cast,
) -> None:
    """S30."""
    wrong = {"own:trade": "", "own:born": "yesterday", "own:code": "D02/AF30", "own:berth": "a" * 121}
    answer = asking.sign(**wrong)
    assert answer.status_code == 422
    page = answer.text
    for name in wrong:
        assert f'<a href="#f-{name}">' in page
        assert f'id="e-{name}"' in page
    for said in ("Please answer: What do you work as?", "Type a day as year, month and day", "Type a postcode of",
                 "at most 120 characters"):  # fmt: skip
        assert page.count(said) >= 2
    for typed in ("yesterday", "D02/AF30", "a" * 121):
        assert f'value="{typed}"' in page
    assert asking.sign(**(TYPED | {"own:trade": "pirate"})).status_code == 422, "no option of it"


@pytest.mark.parametrize("typed", ["2023-02-29", "0001-01-01", "2001-W01-1", "20010503", "2001-05-03T00:00"])
def test_what_is_no_day_is_refused(asking: Cast, typed: str) -> None:
    assert asking.sign(**(TYPED | {"own:born": typed})).status_code == 422


def test_a_field_that_the_campaign_does_not_ask_is_ignored(asking: Cast) -> None:
    """S35."""
    letter = asking.signed(**TYPED, **{"own:other": "smuggled"})
    data = json.loads(asking.browser().get(_own(asking, letter) + "/data.json").text)
    assert "smuggled" not in json.dumps(data)
    assert data["signature"]["own"]["trade"] == {
        "kind": "choice", "label": "What do you work as?", "value": "ship", "option": "On board"
    }  # fmt: skip
    assert data["signature"]["own"]["born"]["value"] == "1990-05-03"


def test_it_is_sealed_with_the_rest(asking: Cast) -> None:
    asking.signed(**TYPED)
    row = db.session.scalars(select(Signature)).one()
    columns = [str(getattr(row, column.name)) for column in Signature.__table__.c]
    assert not any(typed in column for typed in ("ship", "1990", "D02", "Quay") for column in columns)


def test_the_own_page_shows_it_in_plain_words_before_and_after_the_button_and_corrects_it(asking: Cast) -> None:
    """S50."""
    asking.sign(**TYPED)
    [letter] = asking.deliver()
    client = asking.browser()
    for press in (True, False):
        page = client.get(_own(asking, letter)).text
        for said in ("What do you work as?", "On board", "3 May 1990", "D02 AF30", "=1+1 Quay &amp; Sons"):
            assert said in page
        if press:
            asking.press(letter)
    same = _posted(page)
    assert same == {"own:trade": "ship", "own:born": "1990-05-03", "own:code": "D02 AF30",
                    "own:berth": "=1+1 Quay &amp; Sons"}  # fmt: skip
    path = _own(asking, letter)
    form = {"name": "Ana", "country": "IE", "appear": "hidden"} | same
    assert client.post(path + "/correct", data=form | {"own:trade": "pirate"}).status_code == 422
    assert client.post(path + "/correct", data=form | {"own:trade": "dock", "own:code": ""}).status_code == 303
    page = client.get(path).text
    assert "On the docks" in page
    assert "D02" not in page


def test_the_consent_sentence_and_the_privacy_page_name_what_is_handed_over(asking: Cast) -> None:
    """S48."""
    for path in ("/en/campaigns/canteen", "/en/campaigns/canteen/privacy"):
        assert "name, What do you work as? and Date of birth" in asking.browser().get(path).text
    assert "nombre, ¿En qué trabajas? y Fecha de nacimiento" in asking.browser().get("/es/campaigns/canteen").text


def test_an_old_form_is_given_back_with_everything_typed_under_its_label(asking: Cast) -> None:
    """S35."""
    answer = asking.browser().post(
        "/en/campaigns/canteen", data=TYPED | {"token": "old", "own:<b>": "x", "own:UP": "y", "name": "Ana"}
    )
    assert answer.status_code == 422
    assert 'name="own:berth" value="=1+1 Quay &amp; Sons"' in answer.text
    assert "What do you work as?" in answer.text
    assert '<option value="ship" selected>On board' in answer.text
    assert "<b>" not in answer.text
    assert "own:UP" not in answer.text
    again = _posted(answer.text)
    form = {"name": "Ana", "email": "ana@example.org", "country": "IE", "token": form_token(answer.text)}
    assert asking.browser().post("/en/campaigns/canteen", data=form | again | TYPED).status_code == 303


def test_a_field_taken_away_stays_with_who_typed_it_under_the_label_they_saw(asking: Cast) -> None:
    old = asking.signed(**TYPED)
    relabelled = replace(TRADE, labels={"en": "Your trade"}, options=(*TRADE.options[:1], ("mine", {"en": "Mine"})))
    _draft(asking, fields=(relabelled, replace(CODE, required=True)), terms=TERMS)
    client, path = asking.browser(), _own(asking, old)
    page = client.get(path).text
    for said in ("What do you work as?", "On board", "Berth &lt;b&gt;", "3 May 1990"):
        assert said in page
    same = _posted(page)
    assert same["own:trade"] == "ship", "what was chosen can still be chosen"
    form = {"name": "Ana María", "country": "IE", "appear": "hidden"} | same
    form["own:berth"] = "Quay"
    assert client.post(path + "/correct", data=form).status_code == 303
    page = client.get(path).text
    for said in ("On board", "Quay", "3 May 1990"):
        assert said in page
    assert asking.sign("ben@example.org", **{"own:trade": "ship", "own:code": "1"}).status_code == 422
    assert (
        asking.sign("ben@example.org", **{"own:trade": "mine", "own:code": "1", "own:berth": "no"}).status_code == 303
    )


def test_nobody_must_answer_what_was_not_asked_when_they_signed(cast: Cast) -> None:
    cast.campaign(asks={"place": "optional"})
    letter = cast.signed(place="Cork")
    _draft(cast, asks={"role": "required"})
    path = _own(cast, letter)
    page = cast.browser().get(path).text
    assert 'name="place" type="text" value="Cork"' in page, "it can still be corrected"
    form = {"name": "Ana", "place": "Cobh", "appear": "hidden"} | _posted(page)
    assert cast.browser().post(path + "/correct", data=form).status_code == 303
    assert "Cobh" in cast.browser().get(path).text


def test_a_key_keeps_its_kind_once_the_campaign_was_public_and_before_may_mean_anything(cast: Cast) -> None:
    cast.campaign(publish=False, fields=OWN)
    _draft(cast, fields=(replace(BORN, kind="text"),), terms=TERMS)
    assert [one.kind for one in cast.reading().fields] == ["text"]
    drafts.publish(cast.row(), "a test")
    _draft(cast, fields=(), terms=TERMS)
    assert cast.reading().fields == ()
    with pytest.raises(FieldsRefused, match="must keep “born” a text"):
        _draft(cast, fields=(BORN,), terms=TERMS)


def test_what_the_form_asks_is_journaled_once_it_is_public(asking: Cast) -> None:
    _draft(asking, fields=(BORN,), terms=TERMS)
    _draft(asking, fields=(BORN,), terms=TERMS)
    told = db.session.scalars(select(Entry.reason).where(Entry.deed == "form changed")).all()
    assert len(told) == 1
    assert "own:trade (choice): required" in told[0].partition("\nto ")[0]
    assert told[0].endswith("own:born (date): optional")


@pytest.mark.parametrize(
    "wrong",
    [
        [replace(BERTH, key=f"k{n}") for n in range(9)],
        [BERTH, BERTH],
        [replace(BERTH, key="Trade")],
        [replace(BERTH, kind="colour")],
        [replace(BERTH, labels={"es": "Muelle"})],
        [replace(TRADE, options=TRADE.options[:1])],
        [replace(TRADE, options=tuple((f"o{n}", {"en": "x"}) for n in range(21)))],
        [replace(TRADE, options=TRADE.options[:1] * 2)],
        [replace(TRADE, options=(*TRADE.options, ("third", {"es": "x"})))],
        [replace(BERTH, options=TRADE.options)],
    ],
    ids=["nine", "the same key", "key", "kind", "no label", "one option", "21 options", "same option", "no words",
         "options of a text"],
)  # fmt: skip
def test_fields_that_a_form_cannot_ask_are_refused(wrong: list[Field]) -> None:
    fields.check([BERTH, TRADE, BORN, CODE], "en")
    with pytest.raises(FieldsRefused):
        fields.check(wrong, "en")


def test_terms_cannot_hand_over_what_is_not_asked(cast: Cast) -> None:
    with pytest.raises(FieldsRefused, match="own:trade"):
        cast.campaign(fields=(BORN,), terms=HANDED)


def _exported(cast: Cast, *columns: str, form: str = "csv") -> str:
    reading = cast.reading()
    chosen = columns or export.default_columns(reading)
    with export.signatures(reading, Filter(), chosen, form) as found:  # type: ignore[arg-type]
        return b"".join(found.chunks()).decode("utf-8-sig")


def test_a_list_has_a_column_for_each_also_for_those_asked_no_more(asking: Cast) -> None:
    asking.signed(**TYPED)
    assert _exported(asking).splitlines()[0] == '"number","day","name","own:trade","own:born"'
    assert _exported(asking).splitlines()[1].endswith('"Ana María","ship","1990-05-03"')
    assert _exported(asking, "own:berth").splitlines() == ['"own:berth"', '"\'=1+1 Quay & Sons"'], "no formula"
    assert json.loads(_exported(asking, "own:berth", form="jsonl")) == {"own:berth": "=1+1 Quay & Sons"}
    _draft(asking, fields=(BORN,), terms=replace(TERMS, fields=["name"]))
    asking.signed("ben@example.org")
    assert _exported(asking, "name", "own:trade").splitlines()[1:] == ['"Ana María","ship"', '"Ana María",""']
    with pytest.raises(ExportRefused, match="own:other"):
        _exported(asking, "own:other")


def test_it_goes_with_the_rest_when_its_signer_withdraws(asking: Cast) -> None:
    letter = asking.signed(**TYPED)
    asking.browser().post(_own(asking, letter) + "/withdraw")
    db.session.remove()
    assert db.session.scalar(text("SELECT count(*) FROM signature")) == 0
    assert "ship" not in _exported(asking, "number", "own:trade")
