"""Atom feeds read as strictly as RFC 4287 allows: whatever it says a feed MUST be."""

import re
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
#: RFC 3339, as 3.3 narrows it: an upper-case T, and Z or an offset.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
#: What an entry may hold, and how often (4.1.2).
ONCE = ("id", "title", "updated")
AT_MOST_ONCE = ("published", "summary", "content", "rights", "source")


def read(written: bytes) -> Element:
    """The feed, after every rule has been held against it."""
    assert written.startswith(b"<?xml")
    assert b"<!DOCTYPE" not in written
    feed = ElementTree.fromstring(written)
    assert feed.tag == ATOM + "feed"
    _whole(feed)
    assert len([link for link in feed.findall(ATOM + "link") if link.get("rel") == "self"]) == 1
    ids = [said(entry, "id") for entry in feed.findall(ATOM + "entry")]
    assert len(ids) == len(set(ids)), "4.1.1: two entries have one id"
    for entry in feed.findall(ATOM + "entry"):
        _whole(entry)
        assert entry.get(LANG)
        assert entry.find(ATOM + "author") is not None or feed.find(ATOM + "author") is not None
        alternates = [link for link in entry.findall(ATOM + "link") if link.get("rel") == "alternate"]
        assert len(alternates) == 1
        assert entry.find(ATOM + "published") is not None
        assert moment(entry, "published") <= moment(entry, "updated") <= moment(feed, "updated")
    return feed


def _whole(holder: Element) -> None:
    """What feed and entry have in common."""
    for name in ONCE:
        assert len(holder.findall(ATOM + name)) == 1, name
    for name in AT_MOST_ONCE:
        assert len(holder.findall(ATOM + name)) <= 1, name
    assert re.match(r"[a-z][a-z0-9+.-]*:\S", said(holder, "id")), "4.2.6: an id is an absolute IRI"
    moment(holder, "updated")
    assert said(holder, "title").strip()
    for person in holder.findall(ATOM + "author"):
        assert said(person, "name").strip()
    for link in holder.findall(ATOM + "link"):
        assert _is_whole(link.get("href") or ""), link.get("href")
    content = holder.find(ATOM + "content")
    if content is not None:
        assert (content.get("type"), len(content)) == ("html", 0), "4.1.3.3: no child elements in HTML"
        shown = _Addresses()
        shown.feed(content.text or "")
        shown.close()
        assert [address for address in shown.found if not _is_whole(address)] == []


class _Addresses(HTMLParser):
    """Where links lead and pictures come from."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the addresses."""
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


def _is_whole(address: str) -> bool:
    return urlsplit(address).scheme == "mailto" or bool(urlsplit(address).scheme and urlsplit(address).netloc)


def said(holder: Element, name: str) -> str:
    """The text of a child; "" where there is none."""
    return holder.findtext(ATOM + name) or ""


def moment(holder: Element, name: str) -> datetime:
    """The moment that a child says."""
    written = said(holder, name)
    assert MOMENT.fullmatch(written), written
    return datetime.fromisoformat(written)


def entries(feed: Element) -> list[Element]:
    """The entries in order."""
    return feed.findall(ATOM + "entry")


def titles(feed: Element) -> list[str]:
    """What the entries are called, in order."""
    return [said(entry, "title") for entry in entries(feed)]
