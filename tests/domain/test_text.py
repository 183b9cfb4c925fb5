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


def test_markdown_becomes_plain_safe_html() -> None:
    html = text.markdown(
        "# Title\n\nSome *kind* **words**.\n\n- one\n- two\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert "<h2>Title</h2>" in html
    assert "<p>Some <em>kind</em> <strong>words</strong>.</p>" in html
    assert "<td>1</td>" in html
    assert "<blockquote>" in html


def test_no_heading_of_a_text_is_the_page_s_own() -> None:
    html = text.markdown("# a\n\nb\n=\n\n###### c")
    assert "<h1" not in html
    assert html.count("<h2>") == 2
    assert "<h6>c</h6>" in html


def test_html_in_markdown_is_shown_as_text() -> None:
    html = text.markdown("<script>alert(1)</script> {{7*7}}\n\n<img src=x onerror=alert(1)>\n\n<div>block</div>")
    assert "&lt;script&gt;" in html
    assert "{{7*7}}" in html
    assert not re.search(r"<(script|img|div)", html)


@pytest.mark.parametrize(
    "address", ["https://x.example/y?a=1#b", "mailto:a@b.example", "/en/campaigns/water", "/", "#demands"]
)
def test_a_link_to_a_safe_place_stays(address: str) -> None:
    assert f'href="{address}"' in text.markdown(f"[text]({address})")


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%5Cevil.example",
        "/%2fevil.example",
        "http://x.example",
        "https:evil.example",
        "https://user@evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "evil.example",
        "&#106;avascript:alert(1)",
    ],
)
def test_a_link_to_anywhere_else_is_no_link(address: str) -> None:
    for source in (f"[text]({address})", f"[text](<{address}>)", f"[text]\n\n[text]: {address}"):
        assert "href" not in text.markdown(source)


def test_only_links_that_leave_the_site_say_noopener() -> None:
    assert 'rel="noopener noreferrer"' in text.markdown("[a](https://x.example)")
    assert "rel=" not in text.markdown("[a](/here) [b](#there) [c](mailto:a@b.example)")


def test_a_bare_address_is_not_made_a_link() -> None:
    assert "<a" not in text.markdown("see www.x.example and https://x.example")


def test_a_picture_of_this_site_stays_and_a_foreign_one_leaves_its_description() -> None:
    assert '<img src="/files/1.png" alt="A well">' in text.markdown("![A well](/files/1.png)")
    for source in (
        "https://x.example/a.png",
        "//x.example/a.png",
        "data:image/png;base64,AA",
        "a.png",
        "/\\x/a.png",
    ):
        html = text.markdown(f"![A <b> well]({source})")
        assert "<img" not in html
        assert "A &lt;b&gt; well" in html


def test_nothing_but_known_tags_and_attributes_leaves_markdown() -> None:
    html = text.markdown('|a|\n|:-:|\n|1|\n\n```py" onclick="x\ncode\n```\n\n1. one\n\n[t](/x "tit\\"le")')
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= {
        "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "ol", "li", "p", "a",
    }  # fmt: skip
    assert not re.search(r"<[^>]*\s(style|class|onclick)=", html)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("a\n[campaign]\nb", "<p>a</p>\nHERE\n<p>b</p>\n"),
        ("[campaign] \r\n\r\na\n\n[campaign]", "HERE\n<p>a</p>\n"),
        ("# a\n[campaign]\n---", "<h2>a</h2>\nHERE\n<hr>\n"),
        ("- a\n[campaign]\n- b", "<ul>\n<li>a</li>\n</ul>\nHERE\n<ul>\n<li>b</li>\n</ul>\n"),
        ("> a\n[campaign]", "<blockquote>\n<p>a</p>\n</blockquote>\nHERE\n"),
        ("|a|\n|-|\n[campaign]", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table>\nHERE\n"),
        ("[campaign]: /x\n\n[campaign]", "HERE\n"),
    ],
)
def test_the_place_of_a_form_stands_between_the_blocks_of_a_text_once(source: str, html: str) -> None:
    assert text.markdown(source, has_form=True) == html.replace("HERE", text.FORM_PLACE)


@pytest.mark.parametrize(
    "source",
    ["a [campaign]", "[campaign] a", "> [campaign]", "- [campaign]", "- a\n\n  [campaign]", "```\n[campaign]\n```",
     "    [campaign]", "\\[campaign]", "<hr class=\"campaign\">", "---"],
)  # fmt: skip
def test_what_only_looks_like_the_place_of_a_form_is_none(source: str) -> None:
    assert text.FORM_PLACE not in text.markdown(source, has_form=True)


def test_a_text_that_is_no_article_has_no_place_for_a_form() -> None:
    assert text.markdown("[campaign]") == "<p>[campaign]</p>\n"


def test_a_text_over_twenty_thousand_bytes_is_too_long_and_one_of_just_as_many_is_not() -> None:
    assert why(lambda: text.markdown("é" * 10_000 + "a")) == "too_long"
    assert "é" in text.markdown("é" * 10_000)


def test_a_lone_surrogate_in_markdown_is_refused() -> None:
    assert why(lambda: text.markdown("a\ud800")) == "control"


ARTICLE = "# Why\n\n" + "\n\n".join(f"Paragraph {n}. " + "word " * 40 for n in range(8))


def test_the_opening_and_the_rest_make_the_whole_and_are_each_well_formed() -> None:
    html = text.markdown(ARTICLE)
    first, rest = text.opening(html, characters=500)
    assert (first + "\n" + rest).split() == html.split()
    assert first.count("<p>") == first.count("</p>") == 2
    assert rest.startswith("<p>Paragraph 2")


def test_a_short_text_is_all_opening() -> None:
    html = text.markdown("Just this & that.")
    assert text.opening(html) == (html.strip(), "")
    assert text.opening("") == ("", "")


def test_the_opening_never_cuts_inside_a_block_nor_right_after_a_heading() -> None:
    listed = "- " + "\n- ".join("point " * 20 for _ in range(9))
    first, rest = text.opening(text.markdown(f"Short.<br>\n\n## Demands\n\n{listed}\n\n---\n\nEnd."), characters=100)
    assert first == "<p>Short.&lt;br&gt;</p>"
    assert rest.startswith("<h3>Demands</h3>")
    assert rest.count("<li>") == rest.count("</li>") == 9


def test_a_first_block_longer_than_the_screen_is_the_opening_alone() -> None:
    first, rest = text.opening(text.markdown("word " * 400 + "\n\nNext."), characters=100)
    assert first.count("<p>") == 1
    assert rest == "<p>Next.</p>"


def test_a_picture_or_a_line_break_does_not_confuse_the_opening() -> None:
    html = text.markdown("a  \nb ![x](/y.png)\n\n***\n\n" + "long " * 50)
    first, rest = text.opening(html, characters=20)
    assert "<br>" in first
    assert "<hr>" in first
    assert rest.startswith("<p>long")


@pytest.mark.parametrize(
    "same",
    [
        ("O'Brien", "O’Brien", "o`brien", "OBRIEN", "Oʼbrien"),
        ("José-María", "Jose Maria", "JOSÉ  MARÍA", "José‐María"),
        ("Łukasz", "lukasz"),
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
