"""What all who write at the desk share: texts side by side, addresses from titles, two editors at once, and a look at
Markdown while it is typed.

Two editors: a form carries the version of what it showed (`version`). If what is stored has another one by now, the
view answers `clash`: both texts, field by field, and a way on with either of each; nothing is stored meanwhile.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import abort, render_template, request
from flask_babel import gettext as _

from petition.base import i18n, text
from petition.base.text import TextRefused
from petition.folders.files import is_language
from petition.web.desk.wall import SIGNED_IN, desk

MOST_LANGUAGES = 12
#: Languages that are offered for a new text, by code, besides the site's own.
OFFERED = re.findall(
    r"\S+",
    "am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it ja ka km ko ku"
    " lo lt lv mk ml mr ms mt my nb ne nl pa pl ps pt pt-BR ro ru si sk sl so sq sr sv sw ta te th ti tl tr uk ur uz vi"
    " yo zh zh-Hant zu",
)
#: What a form carries besides what was typed.
_BESIDE = frozenset({"csrf_token", "do", "version", "add", "picture", "alt", "into"})


def languages(said: str) -> list[str]:
    """The languages of the texts in a form, the first one first, from its field of that name ("en es"). 400 for what
    no form of ours says."""
    found = list(dict.fromkeys(said.split()))
    if len(found) > MOST_LANGUAGES or not all(is_language(code) for code in found):
        abort(400)
    return found


def more_languages(there: Iterable[str]) -> list[tuple[str, str]]:
    """Languages that a text can be added in, the site's first: code, and what it is called."""
    taken = set(there)
    ours = [code for code in i18n.languages() if code not in taken]
    others = sorted((i18n.name(code), code) for code in OFFERED if code not in {*taken, *ours})
    return [*((code, i18n.name(code)) for code in ours), *((code, name) for name, code in others)]


def slug(title: str, otherwise: str, is_taken: Callable[[str], bool]) -> str:
    """An address from a title, or from another word where the title has no plain letters; a free one."""
    plain = unicodedata.normalize("NFKD", title.translate(_PLAIN)).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")[:60].strip("-") or otherwise
    found, number = words, 2
    while is_taken(found):
        found, number = f"{words}-{number}", number + 1
    return found


_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ð": "d", "ı": "i", "ß": "ss", "æ": "ae",
                        "Æ": "Ae", "œ": "oe", "þ": "th", "’": ""})  # fmt: skip


def version(stored: Mapping[str, str]) -> str:
    """A name for what is stored, as the form shows it: field → text. Another text has another name."""
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:24]


def typed() -> list[tuple[str, str]]:
    """What was posted, for a form that hands it back."""
    return [(name, value) for name, value in request.form.items() if name not in _BESIDE]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of which the form says something else than what is stored by now."""

    name: str
    label: str
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored by now: field → text, the label of each, and who changed it last and when."""

    fields: Mapping[str, str]
    labels: Mapping[str, str]
    by: str = ""
    at: datetime | None = None


def clash(title: str, stored: Stored) -> tuple[str, int] | None:
    """Where somebody else has stored something since the form was shown: the page that shows both, 409; else None.

    Its form goes to the same path with `do` "back": the view shows what is chosen there in its own form again.
    """
    if request.form.get("version") == version(stored.fields):
        return None
    mine = {name: value.replace("\r\n", "\n") for name, value in typed()}
    # A language that only one of the two has is empty at the other.
    names = [*stored.fields, *(name for name in mine if name not in stored.fields)]
    differ = [
        Difference(name, stored.labels.get(name, name), mine.get(name, ""), stored.fields.get(name, ""))
        for name in names
        if name != "languages" and mine.get(name, "") != stored.fields.get(name, "")
    ]
    all_languages = dict.fromkeys(f"{mine.get('languages', '')} {stored.fields.get('languages', '')}".split())
    kept = {name: value for name, value in mine.items() if name not in {one.name for one in differ}}
    kept |= {"languages": " ".join(all_languages)} if all_languages else {}
    page = render_template(
        "desk/clash.html", title=title, stored=stored, differ=differ, kept=list(kept.items()), action=request.path,
        version=version(stored.fields), back=request.path,
    )  # fmt: skip
    return page, 409


def markdown_said(refused: TextRefused) -> str:
    """What is wrong with a text in Markdown."""
    if refused.why == "too_long":
        return str(_("This text is too long: at most 20,000 letters, fewer with signs beyond the plain alphabet."))
    return str(_("This holds characters that cannot be shown. Please type it again."))


@desk.post("/look", needs=SIGNED_IN)
def look() -> tuple[str, int]:
    """The HTML of a text as its page would show it, for the pane beside it. Stores nothing."""
    try:
        return text.markdown(request.form.get("source", ""), has_form=request.form.get("form") == "y"), 200
    except TextRefused as refused:
        return f"<p>{markdown_said(refused)}</p>", 422
