"""What people may write, and what becomes of it (security.md D7, D14, D15, 2.2; acceptance S31, S34, S52)."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.base import text


def why(call: object) -> str:
    assert callable(call)
    with pytest.raises(text.TextRefused) as refused:
        call()
    return refused.value.why


REAL_NAMES = [
    "O'Brien",
    "O’Brien",
    "O'Brien-Núñez d’Été",
    "Ngũgĩ wa Thiong'o",
    "Sukarno",
    "Łukasz",
    "José-María",
    "María-José O'Brien",
    "Dr: Smith",
    "X",
    "Ng",
    "李",
    "李小龍",
    "김민준",
    "山田\u3000太郎",
    "Анна",
    "محمد",
    "محمد بن سلمان",
    "مُحَمَّد",
    "اللّٰه",
    "می‌خواهم",
    "Nguyễn Thị Mỹ Linh",
    "ก็",
    "ผู้ใหญ่ลี้",
    "ख़ाँ",
    "फ़ैज़ अहमद",
    "ශ්‍රී ලංකා",
    "မို့မို့",
    "སྒྲོལ་མ",
    "שִׁמְעוֹן",
    "葛\U000e0100城",
    "Win at x dot com",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${7*7}",
    "%(x)s %s",
    "=1+1",
    "@SUM(A1)",
    "＝1",
    "'; DROP TABLE signature;--",
]


@pytest.mark.parametrize("typed", REAL_NAMES)
def test_a_real_name_is_kept_as_it_was_typed(typed: str) -> None:
    assert text.name(typed) == unicodedata.normalize("NFC", typed)


def test_an_emoji_family_is_kept_whole() -> None:
    family = "👨‍👩🏽‍👧 🏳️‍🌈"
    assert text.name(family) == family


def test_blanks_at_the_ends_are_taken_off_and_nothing_else() -> None:
    assert text.name("\t=1 ") == "=1"
    assert text.name("\n Ana  María \u00a0") == "Ana  María"
    assert text.name("   ") == ""


def test_a_decomposed_name_is_stored_composed() -> None:
    assert text.name("Nguye\u0302\u0303n") == "Nguyễn"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("a" * 121, "too_long"),
        ("a" * 10_000, "too_long"),
        ("é" * 121, "too_long"),
        ("a\x00b", "control"),
        ("a\x1bb", "control"),
        ("a\tb", "control"),
        ("a\ud800b", "control"),
        ("a\ue000b", "control"),
        ("a\U0010ffffb", "control"),
        ("Robert\r\nBcc: v@x.y", "line_break"),
        ("a\x85b", "line_break"),
        ("a\u2028b", "line_break"),
        ("a\x0bb", "line_break"),
        ("a\u202eb", "hidden"),
        ("x\u200by", "hidden"),
        ("a\u2066b", "hidden"),
        ("so\u00adft", "hidden"),
        ("\u200dab", "hidden"),
        ("1\u200da", "hidden"),
        ("a\u200c b", "hidden"),
        ("a\u200d\u200db", "hidden"),
        ("\u3164", "hidden"),
        ("\u2800\u2800", "hidden"),
        ("Z̷̢͖", "combining"),
        ("a" + "\u0301" * 20, "combining"),
        ("ก" + "\u0e49" * 20, "combining"),
        ("http://x.y", "web_address"),
        ("WWW.x.y", "web_address"),
        ("ｗｗｗ．x.y", "web_address"),
        ("Join at https：／／x.y", "web_address"),
    ],
)
def test_a_name_that_hides_or_breaks_something_is_refused_with_its_reason(typed: str, reason: str) -> None:
    assert why(lambda: text.name(typed)) == reason


def test_a_name_of_exactly_the_longest_length_is_taken() -> None:
    assert len(text.name("ñ" * 120)) == 120


def test_a_refusal_holds_nothing_of_what_was_typed() -> None:
    with pytest.raises(text.TextRefused) as refused:
        text.name("Zebulon\u200b")
    assert "Zebulon" not in str(refused.value)


@given(st.text(st.characters(), max_size=60))
def test_the_filter_only_ever_refuses_in_its_own_way_and_its_output_is_clean(typed: str) -> None:
    try:
        kept = text.line(typed, most=200)
    except text.TextRefused:
        return
    assert kept == unicodedata.normalize("NFC", kept) == kept.strip()
    assert text.line(kept, most=200) == kept
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069]", kept)
    kept.encode()


def test_a_comment_keeps_its_lines_and_knows_one_kind_of_break() -> None:
    assert text.paragraphs(" one\r\ntwo \r\n\r\nthree\tfour\rfive ", most=100) == "one\ntwo\n\nthree four\nfive"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("a\n" * 51, "too_long"),
        ("fine\nx\u200by", "hidden"),
        ("fine\na\u2028b", "line_break"),
        ("a\x00", "control"),
    ],
)
def test_a_comment_is_held_to_the_rules_of_a_line(typed: str, reason: str) -> None:
    assert why(lambda: text.paragraphs(typed, most=100)) == reason


@pytest.mark.parametrize(
    "same",
    [
        ("O'Brien", "O’Brien", "o`brien", "OBRIEN", "Oʼbrien"),
        ("José-María", "Jose Maria", "JOSÉ  MARÍA", "José‐María"),
        ("Łukasz", "lukasz"),
        ("Ǣlfgifu", "ǽlfgifu", "ÆLFGIFU", "Aelfgifu"),
        ("Ǿrsted", "orsted"),
        ("D'\u0301Arc", "D\u200d\u0301arc", "darc"),
        ("Straße", "STRASSE"),
        ("İpek", "ipek"),
        ("Ａｎａ", "ana"),
        ("مُحَمَّد", "محمد", "محـمد"),
        ("Γιώργος", "ΓΙΩΡΓΟΣ"),
        ("山田\u3000太郎", "山田 太郎"),
    ],
)
def test_ways_to_write_one_name_fold_to_the_same(same: tuple[str, ...]) -> None:
    assert len({text.folded_name(name) for name in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Анна", "Aннa"),
        ("Анна", "Anna"),
        ("محمد", "محمود"),
        ("李", "王"),
        ("김민준", "김민중"),
        ("Андрей", "Андреи"),
        ("कि", "की"),
        ("が", "か"),
        ("***", "---"),
        ("李小龍", "محمد"),
    ],
)
def test_different_names_never_fold_to_the_same(one: str, other: str) -> None:
    assert text.folded_name(one) != text.folded_name(other)


@given(st.text(max_size=40))
def test_folding_a_name_twice_changes_nothing_more(name: str) -> None:
    once = text.folded_name(name)
    assert text.folded_name(once) == once


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Ngũgĩ wa Thiong'o", "Ngũgĩ T."),
        ("María José García", "María G."),
        ("Sukarno", "S."),
        ("José-María Pérez", "José-María P."),
        ("Ana (la) 'Pérez'", "Ana P."),
        ("김민준", "김○○"),
        ("김준", "김○"),
        ("李小龍", "李○○"),
        ("山田 太郎", "山田 ○○"),
        ("محمد بن سلمان", "محمد س."),
        ("अमिता किरण", "अमिता कि."),
        ("Li X", "Li"),
        ("X", "X"),
        ("ß", "ß"),
        ("", ""),
    ],
)
def test_the_short_form_suggested_for_a_name(name: str, short: str) -> None:
    assert text.short_name(name) == short


@given(st.text(max_size=40))
def test_a_short_name_is_never_longer_than_the_name(name: str) -> None:
    assert len(text.short_name(name)) <= len(name)
