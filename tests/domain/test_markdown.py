"""What organisers may write at length, and what becomes of it (security.md D7, D8)."""

import re

import pytest

from petition.base import markdown
from tests.domain.test_text import why


def test_markdown_becomes_plain_safe_html() -> None:
    html = markdown.to_html(
        "# Title\n\nSome *kind* **words**.\n\n- one\n- two\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert "<h2>Title</h2>" in html
    assert "<p>Some <em>kind</em> <strong>words</strong>.</p>" in html
    assert "<td>1</td>" in html
    assert "<blockquote>" in html


def test_no_heading_of_a_text_is_the_page_s_own() -> None:
    html = markdown.to_html("# a\n\nb\n=\n\n###### c")
    assert "<h1" not in html
    assert html.count("<h2>") == 2
    assert "<h6>c</h6>" in html


def test_html_in_markdown_is_shown_as_text() -> None:
    html = markdown.to_html("<script>alert(1)</script> {{7*7}}\n\n<img src=x onerror=alert(1)>\n\n<div>block</div>")
    assert "&lt;script&gt;" in html
    assert "{{7*7}}" in html
    assert not re.search(r"<(script|img|div)", html)


@pytest.mark.parametrize(
    "address", ["https://x.example/y?a=1#b", "mailto:a@b.example", "/en/campaigns/water", "/", "#demands"]
)
def test_a_link_to_a_safe_place_stays(address: str) -> None:
    assert f'href="{address}"' in markdown.to_html(f"[text]({address})")


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
        assert "href" not in markdown.to_html(source)


def test_only_links_that_leave_the_site_say_noopener() -> None:
    assert 'rel="noopener noreferrer"' in markdown.to_html("[a](https://x.example)")
    assert "rel=" not in markdown.to_html("[a](/here) [b](#there) [c](mailto:a@b.example)")


def test_a_bare_address_is_not_made_a_link() -> None:
    assert "<a" not in markdown.to_html("see www.x.example and https://x.example")


def test_a_picture_of_this_site_stays_and_a_foreign_one_leaves_its_description() -> None:
    assert '<img src="/files/1.png" alt="A well">' in markdown.to_html("![A well](/files/1.png)")
    for source in (
        "https://x.example/a.png",
        "//x.example/a.png",
        "data:image/png;base64,AA",
        "a.png",
        "/\\x/a.png",
    ):
        html = markdown.to_html(f"![A <b> well]({source})")
        assert "<img" not in html
        assert "A &lt;b&gt; well" in html


def test_nothing_but_known_tags_and_attributes_leaves_markdown() -> None:
    html = markdown.to_html('|a|\n|:-:|\n|1|\n\n```py" onclick="x\ncode\n```\n\n1. one\n\n[t](/x "tit\\"le")')
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
    assert markdown.to_html(source, has_form=True) == html.replace("HERE", markdown.FORM_PLACE)


@pytest.mark.parametrize(
    "source",
    ["a [campaign]", "[campaign] a", "> [campaign]", "- [campaign]", "- a\n\n  [campaign]", "```\n[campaign]\n```",
     "    [campaign]", "\\[campaign]", "<hr class=\"campaign\">", "---"],
)  # fmt: skip
def test_what_only_looks_like_the_place_of_a_form_is_none(source: str) -> None:
    assert markdown.FORM_PLACE not in markdown.to_html(source, has_form=True)


def test_a_text_that_is_no_article_has_no_place_for_a_form() -> None:
    assert markdown.to_html("[campaign]") == "<p>[campaign]</p>\n"


def test_a_text_over_twenty_thousand_bytes_is_too_long_and_one_of_just_as_many_is_not() -> None:
    assert why(lambda: markdown.to_html("é" * 10_000 + "a")) == "too_long"
    assert "é" in markdown.to_html("é" * 10_000)


def test_a_lone_surrogate_in_markdown_is_refused() -> None:
    assert why(lambda: markdown.to_html("a\ud800")) == "control"


ARTICLE = "# Why\n\n" + "\n\n".join(f"Paragraph {n}. " + "word " * 40 for n in range(8))


def test_the_opening_and_the_rest_make_the_whole_and_are_each_well_formed() -> None:
    html = markdown.to_html(ARTICLE)
    first, rest = markdown.opening(html, characters=500)
    assert (first + "\n" + rest).split() == html.split()
    assert first.count("<p>") == first.count("</p>") == 2
    assert rest.startswith("<p>Paragraph 2")


def test_a_short_text_is_all_opening() -> None:
    html = markdown.to_html("Just this & that.")
    assert markdown.opening(html) == (html.strip(), "")
    assert markdown.opening("") == ("", "")


def test_the_opening_never_cuts_inside_a_block_nor_right_after_a_heading() -> None:
    listed = "- " + "\n- ".join("point " * 20 for _ in range(9))
    first, rest = markdown.opening(
        markdown.to_html(f"Short.<br>\n\n## Demands\n\n{listed}\n\n---\n\nEnd."), characters=100
    )
    assert first == "<p>Short.&lt;br&gt;</p>"
    assert rest.startswith("<h3>Demands</h3>")
    assert rest.count("<li>") == rest.count("</li>") == 9


def test_a_first_block_longer_than_the_screen_is_the_opening_alone() -> None:
    first, rest = markdown.opening(markdown.to_html("word " * 400 + "\n\nNext."), characters=100)
    assert first.count("<p>") == 1
    assert rest == "<p>Next.</p>"


def test_a_picture_or_a_line_break_does_not_confuse_the_opening() -> None:
    html = markdown.to_html("a  \nb ![x](/y.png)\n\n***\n\n" + "long " * 50)
    first, rest = markdown.opening(html, characters=20)
    assert "<br>" in first
    assert "<hr>" in first
    assert rest.startswith("<p>long")
