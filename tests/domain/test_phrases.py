"""A campaign's own words: what is taken, what is refused, and in which plural they are said."""

import pytest
from sqlalchemy import event, select

from petition import demo, folders, phrases, translations
from petition.base import db, i18n
from petition.base.i18n import Words, gettext
from petition.campaigns import Phrases
from petition.drafts import Text
from petition.journal import Entry
from petition.phrases import PhraseRefused
from tests.cast import Cast

ARABIC = next(path for folder in demo.campaign_folders() for path in folder.glob("ar.po"))
COUNT = "%(figure)s person has signed"
CONSENT = next(one.words for one in phrases.sentences() if "<a href" in one.words)
TEXT = Text("أعيدوا العاملات", "سلطة الميناء", "فُصلت أربعون.", "أعيدوهنّ.")


def arabic() -> dict[str, str | dict[str, str]]:
    """The words of the demo's Arabic campaign."""
    return phrases.from_po("ar", ARABIC.read_bytes())


def campaign(cast: Cast, said: phrases.Said, **changes: object) -> None:
    cast.campaign(texts={"en": Text("Title", "To", "Stand.", "Text."), "ar": TEXT}, phrases={"ar": said}, **changes)


def rows() -> list[tuple[str, bool]]:
    db.session.remove()
    return [(row.language, row.whole) for row in db.session.scalars(select(Phrases))]


def test_words_are_used_once_none_is_missing(cast: Cast) -> None:
    said = arabic()
    almost = {sentence: words for sentence, words in said.items() if sentence != "Your name"}
    campaign(cast, almost)
    assert (rows(), cast.reading().words) == ([("ar", False)], {})
    assert phrases.missing("ar", almost) == ["Your name"]
    campaign(cast, said)
    assert rows() == [("ar", True)]
    assert cast.reading().words["ar"].gettext("Your name") == "اسمك"


def test_a_plural_that_lacks_one_form_is_missing(cast: Cast) -> None:
    said = arabic()
    assert isinstance(said[COUNT], dict)
    lacking = said | {COUNT: {form: words for form, words in said[COUNT].items() if form != "two"}}
    assert phrases.missing("ar", lacking) == [COUNT]


def test_the_same_words_again_change_nothing_and_other_ones_stand_in_the_journal(cast: Cast) -> None:
    campaign(cast, arabic())
    row = cast.row()
    assert phrases.save(row, "ar", arabic(), "a test") == []
    assert phrases.save(row, "ar", arabic() | {"Your name": "الاسم"}, "a test") == []
    written = db.session.scalars(select(Entry.reason).where(Entry.deed == "phrases edited")).all()
    assert written == ["ar", "ar"]


def test_an_edit_without_words_keeps_those_there_are(cast: Cast) -> None:
    campaign(cast, arabic())
    cast.campaign(texts={"en": Text("Title", "To", "Stand.", "Another text."), "ar": TEXT})
    assert rows() == [("ar", True)]


def test_ordinary_campaigns_ask_no_more_of_the_database(cast: Cast) -> None:
    """No cost for languages of the interface: words kept for one of them are never looked at."""
    cast.campaign()
    phrases.save(cast.row(), "es", {"Your name": "Nombre"}, "a test")
    db.session.commit()
    asked: list[str] = []
    event.listen(db.database().engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    assert cast.reading().words == {}
    assert asked
    assert not any("FROM phrases" in statement for statement in asked)


@pytest.mark.parametrize(
    ("sentence", "words", "why"),
    [
        ("The next goal is %(goal)s.", "الهدف التالي.", "does not have the placeholders of its sentence: %(goal)s"),
        ("The next goal is %(goal)s.", "%(goal)s %(goal)s", "does not have the placeholders"),
        ("The next goal is %(goal)s.", "%(total)s", "does not have the placeholders"),
        ("Your name", "اسمك %(name)s", "placeholders of its sentence: none"),
        ("Your name", "100 % اسمك", "has a % that belongs to no placeholder"),
        ("Your name", "اسمك %s", "has a % that belongs to no placeholder"),
        ("Your name", "ا" * 100, "is too long (at most 87 characters)"),
        ("Your name", "اسم\nك", "has a line break"),
        ("Your name", "اسم\u202eك", "holds a character that is not seen"),
        ("Your name", {"one": "اسمك"}, "has no plural"),
        (COUNT, "%(figure)s", "needs words for each plural"),
        (COUNT, {"two": "شخصان"}, "does not have the placeholders"),
        (CONSENT, "%(responsible)s %(address)s %(fields)s %(handed_to)s %(href)s", "does not have the tags"),
    ],
)
def test_words_that_would_break_a_page_are_refused_with_one_sentence(
    sentence: str, words: str | dict[str, str], why: str
) -> None:
    with pytest.raises(PhraseRefused) as refused:
        phrases.checked("ar", {sentence: words})
    assert str(refused.value).startswith(f"What stands for “{sentence}” ")
    assert why in str(refused.value)


def test_blanks_at_the_ends_are_those_of_the_sentence() -> None:
    """What a translator's tool strips is put back."""
    assert phrases.checked("ar", {"Please check: ": "راجع:", "Your name": " اسمك  "}) == {
        "Please check: ": "راجع: ", "Your name": "اسمك",
    }  # fmt: skip


def test_what_is_empty_or_no_sentence_of_the_list_is_not_kept() -> None:
    assert phrases.checked("ar", {"Your name": "  ", "Made up": "شيء"}) == {}


def test_the_subject_of_a_letter_does_not_tell_of_the_campaign(cast: Cast) -> None:
    """C13: it may be read over a shoulder, whoever typed it in; also once the title changes."""
    subject = "Please confirm your signature"
    with pytest.raises(PhraseRefused, match="names the campaign: “العاملات” is in its title"):
        campaign(cast, {subject: "أكّد توقيعك للعاملات من أجل العاملات"})
    db.session.rollback()
    with pytest.raises(PhraseRefused, match="does not have the placeholders"):
        campaign(cast, {subject: "%(title)s"})
    db.session.rollback()
    campaign(cast, arabic())
    retitled = Text("يُرجى الإنصاف", "سلطة الميناء", "فُصلت أربعون.", "أعيدوهنّ.")
    with pytest.raises(PhraseRefused, match="names the campaign"):
        cast.campaign(texts={"en": Text("Title", "To", "Stand.", "Text."), "ar": retitled})


def test_the_subjects_are_known_and_hold_nothing_to_fill_in() -> None:
    subjects = [one.words for one in phrases.sentences() if one.is_subject]
    assert "Please confirm your signature" in subjects
    assert "Your signature is withdrawn" in subjects
    assert [translations.placeholders(one) for one in subjects] == [[]] * len(subjects)


@pytest.mark.parametrize(
    ("language", "numbers"),
    [("ar", {0: 0, 1: 1, 2: 2, 3: 3, 110: 3, 11: 4, 99: 4, 100: 5, 1000: 5}), ("ru", {1: 0, 21: 0, 2: 1, 5: 2, 11: 2}),
     ("ja", {0: 0, 7: 0}), ("cy", {0: 0, 1: 1, 2: 2, 3: 3, 6: 4, 4: 5}), ("pt-BR", {0: 0, 1: 0, 2: 1, 1_000_000: 1})],
)  # fmt: skip
def test_plurals_are_those_of_cldr(cast: Cast, language: str, numbers: dict[int, int]) -> None:
    """What stands as a language's n-th plural in the file is said for the numbers of that category."""
    forms = phrases.categories(language)
    data = phrases.as_po(language, {COUNT: {form: f"{place} %(figure)s" for place, form in enumerate(forms)}})
    said = phrases.from_po(language, data)
    words = Words(language, said)
    assert {number: int(words.ngettext(COUNT, "", number)[0]) for number in numbers} == numbers
    assert f"nplurals={len(forms)}" in data.decode()
    assert phrases.as_po(language, said) == data


def test_a_file_whose_tool_orders_plurals_in_its_own_way_means_the_same() -> None:
    """Tools write a header of their own: what counts is for which numbers a form stands."""
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    header += (
        '"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 2 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14)'
    )
    body = f'msgid "{COUNT}"\nmsgid_plural "x"\n' + "".join(
        f'msgstr[{place}] "{words} %(figure)s"\n' for place, words in enumerate(("много", "несколько", "один"))
    )
    said = phrases.from_po("ru", (header + ' ? 1 : 0);\\n"\n\n' + body).encode())
    assert said == {COUNT: {"one": "один %(figure)s", "few": "несколько %(figure)s", "many": "много %(figure)s"}}


def test_a_guess_counts_as_missing() -> None:
    data = b'msgid "Your name"\nmsgstr "\xd8\xa7"\n\n#, fuzzy\nmsgid "Country"\nmsgstr "\xd8\xa8"\n'
    assert phrases.from_po("ar", data) == {"Your name": "ا"}


@pytest.mark.parametrize("data", [b"\xff\xfe", b"---\ntitle: x\n---\n"])
def test_what_is_no_gettext_file_is_refused(data: bytes) -> None:
    with pytest.raises(PhraseRefused, match="not a gettext file"):
        phrases.from_po("ar", data)


def test_what_was_typed_in_is_text_in_a_page_and_its_own_tags_are_kept(cast: Cast) -> None:
    words = Words("ar", {"Your name": '<b onclick="x">اسم</b> & "ك"', CONSENT: f"{CONSENT} <i>"})
    with cast.app.test_request_context("/"):
        i18n.answer_with(words)
        render = cast.app.jinja_env.from_string
        assert "&lt;b onclick=&#34;x&#34;&gt;" in render('<p title="{{ _("Your name") }}">').render()
        given = dict.fromkeys(("responsible", "address", "fields", "handed_to", "href"), "x")
        shown = render("{{ gettext(sentence, **given) }}").render(sentence=CONSENT, given=given)
        assert '<a href="x">' in shown
        assert "&lt;i&gt;" in shown


def test_a_sentence_that_came_later_is_said_in_the_first_language(cast: Cast) -> None:
    """After an update a campaign goes on in its language; what is new stands in the interface's first one."""
    words = Words("ar", {})
    assert words.gettext("Sign") == "Sign"
    assert words.ngettext("%(num)s second", "%(num)s seconds", 2) == "%(num)s seconds"


def test_numbers_dates_and_countries_are_those_of_the_language(cast: Cast) -> None:
    with i18n.speaking("ar", Words("ar", {})):
        assert i18n.spoken() == "ar"
        assert "نوفمبر" in i18n.day(db.now().replace(month=11, day=2))
        assert i18n.listed(["ا", "ب"]) == "ا وب"
    with i18n.speaking("pt-BR", Words("pt-BR", {})):
        assert (i18n.spoken(), i18n.house()) == ("pt-BR", "en")
        assert i18n.number(1234567) == "1.234.567"
    assert i18n.spoken() == "en"


def test_speaking_ends_where_it_ends(cast: Cast) -> None:
    """Letters to people of several languages leave in one round."""
    words = Words("ar", {"Your name": "اسمك"})
    with cast.app.test_request_context("/"):
        assert gettext("Your name") == "Your name"
        with i18n.speaking("ar", words):
            assert gettext("Your name") == "اسمك"
            with i18n.speaking("es"):
                assert gettext("Your name") == "Tu nombre"
            assert gettext("Your name") == "اسمك"
        assert gettext("Your name") == "Your name"


def test_the_demos_folder_brings_all_its_words(cast: Cast) -> None:
    """A new sentence on a signer's way wants its Arabic there: `python -m petition.translations` says which."""
    said = folders.campaign(ARABIC.parent, db.now()).phrases["ar"]
    assert phrases.missing("ar", said) == []
    assert ARABIC.read_bytes() == phrases.as_po("ar", said), "run `python -m petition.translations`"
