"""What the pages about endorsements share, in public and at the desk: the fields, and an endorsement as it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import StopValidation

from petition import endorsements, fields
from petition.base import countries, db, i18n, text, urls
from petition.base.i18n import gettext as _
from petition.endorsements import (
    INTERNATIONAL,
    LEVELS,
    LOCAL,
    LONGEST_HOMEPAGE,
    MOST_MEMBERS,
    NATIONAL,
    REGIONAL,
    Endorsement,
    Logo,
    Organisation,
    Person,
)
from petition.web.forms import (
    LONGEST_LINE,
    Cleaned,
    MailboxField,
    PublicForm,
    Tokenless,
    checked_address,
    known_country,
)

#: What people put between the thousands.
_BETWEEN = str.maketrans("", "", " .,'’\u00a0\u202f\u066c")


def levels() -> dict[str, str]:
    """Where an organisation works, in words."""
    return {
        INTERNATIONAL: _("in several countries"), NATIONAL: _("in a whole country"),
        REGIONAL: _("in a region"), LOCAL: _("in one place"),
    }  # fmt: skip


def headings() -> dict[str, str]:
    """The organisations of a level, as a heading."""
    return {
        INTERNATIONAL: _("International"), NATIONAL: _("National"), REGIONAL: _("Regional"), LOCAL: _("Local"),
    }  # fmt: skip


def labels() -> dict[str, str]:
    """What the fields are called."""
    return {
        "organisation": _("Name of the organisation"), "level": _("Where it works"), "country": _("Country"),
        "body": _("Who decided"), "decided_on": _("When it was decided"), "members": _("How many members it has"),
        "homepage": _("Its page on the web"), "office": _("What you are in it"),
        "show_name": _("Show my name beside what I am"),
    }  # fmt: skip


def _level(_form: Any, field: Any) -> None:
    if field.data not in LEVELS:
        field.data = ""
        raise StopValidation(_("Choose where the organisation works."))


def _place(form: Any, field: Any) -> None:
    known_country(form, field)
    if not field.data and form.level.data != INTERNATIONAL:
        raise StopValidation(_("Choose the country in which the organisation works."))


def _decided(_form: Any, field: Any) -> None:
    # Somewhere it is tomorrow already.
    if field.data and date.fromisoformat(field.data) > db.now().date() + timedelta(days=1):
        raise StopValidation(_("This day is still to come. Type the day on which it was decided."))


def _members(_form: Any, field: Any) -> None:
    typed = (field.data or "").strip()
    digits = typed.translate(_BETWEEN)
    if typed and not (digits.isdecimal() and len(digits) < 12 and 0 < int(digits) <= MOST_MEMBERS):
        raise StopValidation(_("Type a whole number, such as 1200, or leave it empty."))


def checked_homepage(_form: Any, field: Any) -> None:
    """A validator: an address by https, or nothing."""
    typed = (field.data or "").strip()
    if typed and "://" not in typed:
        typed = "https://" + typed
    if len(typed) > LONGEST_HOMEPAGE or (typed and not _is_homepage(typed)):
        raise StopValidation(_("Type an address that begins with https://, or leave it empty."))
    field.data = typed


def _is_homepage(typed: str) -> bool:
    """An address by https at a host with a name, and nothing that browsers read in two ways."""
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        return False
    plain = typed.isprintable() and not set(typed) & set(' "<>\\^`{|}')
    named = "." in (parts.hostname or "").strip(".")
    return plain and named and parts.scheme == "https" and "@" not in parts.netloc and port in (None, 443)


def _line(missing: Callable[[], str]) -> StringField:
    return StringField(validators=[Cleaned(text.line, LONGEST_LINE, missing)])


class EndorsementFields(FlaskForm):
    """What is asked of an organisation and of who speaks for it."""

    organisation = _line(lambda: _("Type the name of the organisation."))
    level = StringField(validators=[_level])
    country = StringField(validators=[_place])
    body = _line(lambda: _("Type who decided, such as the executive committee."))
    decided_on = StringField(validators=[Cleaned(fields.day, fields.LONGEST_DAY, lambda: ""), _decided])
    members = StringField(validators=[_members])
    homepage = StringField(validators=[checked_homepage])
    name = StringField(validators=[Cleaned(text.name, LONGEST_LINE, lambda: _("Type your name."))])
    office = _line(lambda: _("Type what you are in the organisation, such as its secretary."))
    show_name = BooleanField()

    requires: frozenset[str] = frozenset({"organisation", "level", "body", "name", "office"})

    def said(self) -> Organisation:
        """What the organisation says, cleaned."""
        day, members = self.decided_on.data, (self.members.data or "").translate(_BETWEEN)
        return Organisation(
            organisation=self.organisation.data, level=self.level.data, country=self.country.data or "",
            body=self.body.data, decided_on=date.fromisoformat(day) if day else None,
            members=int(members) if members else None, homepage=self.homepage.data or "",
        )  # fmt: skip

    def person(self, address: str = "") -> Person:
        """Who speaks for it."""
        return Person(self["name"].data or "", self.office.data or "", address)


class EndorseForm(PublicForm, EndorsementFields):
    """The public form."""

    class Meta(Tokenless):
        """As all public forms."""

    email = MailboxField(validators=[checked_address])
    asks: frozenset[str] = frozenset()


class EndorsedForm(EndorsementFields):
    """The same behind a letter's link, but for the address."""

    class Meta(Tokenless):
        """The address of the page is the secret."""


def filled(row: Endorsement) -> dict[str, object]:
    """What stands in a form for correcting."""
    person = endorsements.person_of(row)
    return {
        "organisation": row.organisation, "level": row.level, "country": row.country, "body": row.body,
        "decided_on": row.decided_on.isoformat() if row.decided_on else "", "homepage": row.homepage,
        "members": str(row.members) if row.members else "", "name": person.name, "office": person.office,
        "show_name": row.show_name,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """An endorsement as the public sees it. `logo` is its path, shown at `width` and `height`."""

    organisation: str
    homepage: str
    country: str
    body: str
    decided_on: date | None
    members: int | None
    office: str
    name: str
    lang: str
    logo: str
    width: int
    height: int


def shown(row: Endorsement, logo: Logo | None) -> Shown:
    """An endorsement for a page in the language that is spoken."""
    return Shown(
        row.organisation, row.homepage, countries.name(row.country, i18n.spoken()) if row.country else "", row.body,
        row.decided_on, row.members, row.shown_office or "", row.shown_name or "", row.language,
        urls.picture(logo.name, logo.width, logo.height) if logo else "",
        # Two dots of the picture for one of the page.
        (logo.width + 1) // 2 if logo else 0, (logo.height + 1) // 2 if logo else 0,
    )  # fmt: skip


def by_level(found: list[tuple[Endorsement, Logo | None]]) -> list[tuple[str, list[Shown]]]:
    """Those shown under their levels: in the organisers' order first, the others by country and name."""
    titles = headings()
    views = [(row, shown(row, logo)) for row, logo in found]
    views.sort(key=lambda pair: _order(*pair))
    groups = [(titles[level], [view for row, view in views if row.level == level]) for level in LEVELS]
    return [group for group in groups if group[1]]


def _order(row: Endorsement, view: Shown) -> tuple[bool, int, str, str]:
    return row.place is None, row.place or 0, text.folded_name(view.country), text.folded_name(row.organisation)


def told(row: Endorsement) -> list[tuple[str, str]]:
    """Everything stored of it, in plain words."""
    person, names = endorsements.person_of(row), labels()
    said = [
        (names["organisation"], row.organisation), (names["level"], levels()[row.level]),
        (names["country"], countries.name(row.country, i18n.spoken()) if row.country else ""),
        (names["body"], row.body), (names["decided_on"], i18n.day(row.decided_on) if row.decided_on else ""),
        (names["members"], i18n.number(row.members) if row.members else ""), (names["homepage"], row.homepage),
        (_("Who speaks for it"), person.name), (_("What they are in it"), person.office),
        (_("E-mail address"), person.address),
        (_("Shown beside it"), _("what they are, and their name") if row.show_name else _("what they are")),
    ]  # fmt: skip
    return [(name, value) for name, value in said if value]
