"""The plain text of HTML made by `markdown.to_html`, for what shows no HTML: calendars."""

import re
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "table"})
_LINES = frozenset({"li", "tr", "br", "hr"})
_DASH = "- "


def plain(html: str, site: str = "") -> str:
    """Paragraphs parted by an empty line, a list's entries begun by "- ". The address of a link follows its words, a
    path of this site behind `site`."""
    reader = _Reader(site)
    reader.feed(html)
    reader.close()
    words = re.sub(r" *\n *", "\n", "".join(reader.found))
    return re.sub(r"\n{3,}", "\n\n", words).strip()


class _Reader(HTMLParser):
    """Gathers words and line breaks."""

    def __init__(self, site: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._site = site
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BLOCKS or tag in _LINES:
            self._break(tag)
        if tag == "li":
            self.found.append(_DASH)
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.found)))
        elif tag == "img":
            self.found.append(given.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._break(tag)
        elif tag in ("td", "th"):
            self.found.append(" ")
        elif tag == "a":
            address, begin = self._links.pop()
            address = self._site + address if address.startswith("/") else address.removeprefix("mailto:")
            if address and not address.startswith("#") and "".join(self.found[begin:]).strip() != address:
                self.found.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if data.strip() or not self._begins():
            self.found.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        # A paragraph inside a list's entry goes on behind its dash.
        if self.found[-1:] != [_DASH]:
            self.found.append("\n\n" if tag in _BLOCKS else "\n")

    def _begins(self) -> bool:
        """Whether a line has just begun."""
        return not self.found or self.found[-1] == _DASH or self.found[-1].endswith("\n")
