"""What organisers write at length: Markdown to safe HTML, and where to cut it.

Pure functions.
"""

import re
from html.parser import HTMLParser

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from petition.base import urls
from petition.base.text import TextRefused

LONGEST = 20_000  # bytes; 5,000 "[" in it take 71 ms (security.md D7)
#: Where a campaign's form stands in the HTML of an article.
FORM_PLACE = '<hr class="campaign">'


def to_html(source: str, *, has_form: bool = False) -> str:
    """An organiser's Markdown as HTML that may stand in a page unescaped (security.md D7, D8).

    HTML in the source is shown as text. Headings begin at h2, for the page's title is its h1. Links lead to
    absolute `https:` or `mailto:` addresses, to paths of this site or to places in the page; pictures come
    from this site alone; what leads elsewhere keeps its text and loses its link. `has_form`: the first
    `[campaign]` alone on its line becomes FORM_PLACE, between two blocks; the others vanish. Raises
    TextRefused: "too_long" beyond 20,000 bytes, "control" for lone surrogates.
    """
    try:
        size = len(source.encode())
    except UnicodeEncodeError:
        raise TextRefused("control") from None
    if size > LONGEST:
        raise TextRefused("too_long")
    html: str = _markdown.render(source, {"has_form": has_form})
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        attribute_filter=_only_safe_addresses,
        url_schemes={"https", "mailto"},
        link_rel=None,
    )


_TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s",
    "a", "img", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "rel"}, "ol": {"start"}, "hr": {"class"},
    "img": {"src", "alt", "title", "width", "height", "loading", "srcset", "sizes"},
}  # fmt: skip
# One slash and not two; no backslash, which browsers read as a slash (security.md B11).
_SAME_SITE = re.compile(r"/(?![/\\]|%5[Cc]|%2[Ff])[^\\\x00-\x20]*|/", re.ASCII)
_ELSEWHERE = re.compile(r"https://[^/?#@\\\s]+([/?#][^\\\s]*)?", re.ASCII | re.IGNORECASE)
_WITHIN_OR_MAIL = re.compile(r"#[^\s]*|mailto:[^\s]+", re.ASCII)


def _may_link(address: str) -> bool:
    return any(form.fullmatch(address) for form in (_SAME_SITE, _ELSEWHERE, _WITHIN_OR_MAIL))


def _only_safe_addresses(_tag: str, attribute: str, value: str) -> str | None:
    """The last wall behind `_tidy`: whatever made the HTML, no other address leaves it."""
    if attribute == "href":
        return value if _may_link(value) else None
    if attribute == "src":
        return value if _SAME_SITE.fullmatch(value) else None
    if attribute == "srcset":
        return value if all(urls.PICTURE.fullmatch(one.partition(" ")[0]) for one in value.split(", ")) else None
    return value


def _tidy(state: StateCore) -> None:
    """Lower the headings, mark links to elsewhere, and turn a foreign picture into its description."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        for child in token.children or ():
            _tidy_inline(child)


def _tidy_inline(token: Token) -> None:
    if token.type == "link_open" and _ELSEWHERE.fullmatch(str(token.attrGet("href") or "")):
        token.attrSet("rel", "noopener noreferrer")
    elif token.type == "image" and not _SAME_SITE.fullmatch(str(token.attrGet("src") or "")):
        token.type, token.tag, token.children = "text", "", None
    elif token.type == "image":
        _size(token)


def _size(token: Token) -> None:
    """A picture of an organiser says how large it is, so that nothing jumps when it arrives, and which sizes it has."""
    found = urls.PICTURE.fullmatch(str(token.attrGet("src") or ""))
    if found is None or not int(found["width"]):
        return
    width, height = int(found["width"]), int(found["height"])
    token.attrs |= {
        "width": width, "height": height, "loading": "lazy", "srcset": urls.picture_set(found["name"], width, height),
        "sizes": "(min-width: 42rem) 38rem, 100vw",
    }  # fmt: skip


def _form_place(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    """A rule of markdown-it-py for a block: whether `[campaign]` stands alone on a line, outside of lists and the
    like; it ends whatever stands above it."""
    begin = state.bMarks[line]
    alone = state.src[begin : state.eMarks[line]].rstrip() == "[campaign]" and state.src[begin - 1 : begin] in (
        "",
        "\n",
    )
    if not state.env["has_form"] or not alone:
        return False
    if not silent:
        state.line = line + 1
        if not state.env.get("form_placed"):
            state.push("form_place", "hr", 0).attrSet("class", "campaign")
        state.env["form_placed"] = True
    return True


_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
_markdown.block.ruler.before(
    "table", "form_place", _form_place, {"alt": ["paragraph", "reference", "blockquote", "list", "table"]}
)
_markdown.core.ruler.push("tidy", _tidy)


def opening(html: str, *, characters: int = 900) -> tuple[str, str]:
    """Splits HTML made by `to_html` into the first screenful and the rest, which may be empty.

    The cut falls between top-level blocks only, after as many as hold about `characters` characters of text
    (always one at least), and never right after a heading.
    """
    blocks = _Blocks(html).found
    cut = text_so_far = 0
    for block in blocks:
        if cut and text_so_far + block.text > characters:
            break
        text_so_far += block.text
        if not block.heading:
            cut = block.end
    if not cut or cut == blocks[-1].end:
        return html.strip(), ""
    return html[:cut].strip(), html[cut:].strip()


class _Block:
    """A top-level element: where it ends in the source, how much text it holds."""

    def __init__(self, tag: str) -> None:
        self.heading = tag in ("h2", "h3", "h4", "h5", "h6")
        self.end = 0
        self.text = 0


class _Blocks(HTMLParser):
    """Finds the top-level elements of well-formed HTML, as nh3 writes it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[_Block] = []
        self._depth = 0
        self._html = html
        self._lines = [0]
        for part in html.split("\n"):
            self._lines.append(self._lines[-1] + len(part) + 1)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth == 0:
            self.found.append(_Block(tag))
        self._depth += 1
        if tag in ("br", "hr", "img"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            row, column = self.getpos()
            self.found[-1].end = self._html.index(">", self._lines[row - 1] + column) + 1

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.found[-1].text += len(data)
