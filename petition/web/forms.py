"""All forms. Input is cleaned once, here; no form touches the database.

A form's token is checked by the view, not as a field's error: an old one gives the form back (S35).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flask import current_app
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import fields
from petition.base import countries, settings, text, urls
from petition.base import mailbox as mailboxes
from petition.base.i18n import gettext as _
from petition.base.mailbox import Mailbox, MailboxRefused
from petition.base.text import TextRefused
from petition.campaigns import ASKABLE, Reading
from petition.contacts import JOIN, MEETINGS, NEWS, ContactDetails
from petition.details import FULL, HIDDEN, SHORT, Choices, Details
from petition.fields import CHOICE, DATE, POSTCODE, TEXT, Answer, Question
from petition.partners import Reading as Partner
from petition.web import typed
from petition.web.ticked import Box

if TYPE_CHECKING:
    from petition.base.domains import DomainCheck

LONGEST_LINE = 120
LONGEST_COMMENT = 1000
_domains_key = "petition.domains"


class Cleaned:
    """A validator that puts the cleaned text into the field, or says what is wrong with it."""

    def __init__(self, read: Callable[..., str], most: int, missing: Callable[[], str]) -> None:
        self.read, self.most, self.missing = read, most, missing

    def __call__(self, form: Any, field: Any) -> None:
        """Clean the field."""
        try:
            field.data = self.read(field.data or "", most=self.most)
        except TextRefused as refused:
            raise StopValidation(_said(refused.why, self.most)) from None
        if not field.data and field.name in form.requires:
            raise StopValidation(self.missing())


def _said(why: str, most: int) -> str:
    sentences: dict[str, str] = {
        "too_long": _("This is too long: at most %(most)s characters.", most=most),
        "web_address": _("Leave web addresses out."),
        "line_break": _("Write this on one line."),
        "combining": _("Too many marks stand on one letter."),
        "day": _("Type a day as year, month and day, such as 2001-05-30."),
        "postcode": _("Type a postcode of letters, digits, blanks and hyphens."),
    }
    return sentences.get(why) or str(_("This holds characters that cannot be shown. Please type it again."))


class MailboxField(StringField):
    """An e-mail address; `mailbox` is what it means once it is checked."""

    mailbox: Mailbox


def checked_address(_form: Any, field: Any) -> None:
    """A validator for `MailboxField`: letters could go there."""
    typed = (field.data or "").strip()
    field.data = typed
    try:
        field.mailbox = mailboxes.parse(typed, ours=_ours())
        check = domain_check()
        if check is not None:
            check.require(field.mailbox)
    except MailboxRefused as refused:
        raise StopValidation(_address_said(refused)) from None


def _address_said(refused: MailboxRefused) -> str:
    sentences: dict[str, str] = {
        "empty": _("Type your e-mail address."),
        "too_long": _("This address is too long."),
        "smtputf8": _(
            "Our mail server cannot write to this address yet. Please use one with plain letters before the @."
        ),
        "ours": _("This is an address of this site itself. Please type your own."),
        "no_such_domain": _("Does the part after the @ exist? It takes no mail."),
    }
    said = sentences.get(refused.why) or str(_("This is not an e-mail address. Type one such as name@example.org."))
    if refused.suggestion:
        said += " " + _("Did you mean %(address)s?", address=refused.suggestion)
    return said


def _ours() -> frozenset[str]:
    """Addresses that would send our own letters back to us, and the mail server's own domain."""
    now = settings.current()
    return _loops(urls.host(), now.mail_from.lower(), now.smtp_url.host.lower() if now.smtp_url else "")


@lru_cache(maxsize=16)
def _loops(host: str, sender: str, relay: str) -> frozenset[str]:
    roles = {f"{role}@{host}" for role in ("postmaster", "mailer-daemon", "abuse", "root")}
    return frozenset(roles | {sender, relay} - {""})


def domain_check() -> "DomainCheck | None":
    """The one asker of DNS in this process, loaded at the first address; None where no mail server is configured."""
    if settings.current().smtp_url is None:
        return None
    found: DomainCheck | None = current_app.extensions.get(_domains_key)
    if found is None:
        found = current_app.extensions[_domains_key] = import_module("petition.base.domains").DomainCheck()
    return found


def known_country(form: Any, field: Any) -> None:
    """A validator: a country there is, or none where the form does not require one."""
    if field.data and field.data not in countries.CODES:
        raise StopValidation(_("Choose a country from the list."))
    if not field.data and "country" in form.requires:
        raise StopValidation(_("Choose your country."))


class _Option:
    """A validator that takes the key of one of a question's options alone."""

    def __init__(self, question: Question) -> None:
        self.question = question

    def __call__(self, form: Any, field: Any) -> None:
        """Check the field."""
        if field.data and field.data not in dict(self.question.options):
            raise StopValidation(_("Choose one from the list: %(label)s", label=self.question.label))
        if not field.data and field.name in form.requires:
            raise StopValidation(missing(self.question))


def missing(question: Question) -> str:
    """What is said where a question of the campaign's own needs an answer."""
    said: str = _("Please answer: %(label)s", label=question.label)
    return said


#: How what is typed into a campaign's own field is read, by the field's kind, and how long it may be.
_READ: dict[str, tuple[Callable[..., str], int]] = {
    TEXT: (text.line, LONGEST_LINE), DATE: (fields.day, fields.LONGEST_DAY),
    POSTCODE: (fields.postcode, fields.LONGEST_POSTCODE),
}  # fmt: skip


def _own_checks(question: Question) -> tuple[typed.Check, ...]:
    if question.kind == CHOICE:
        return (_Option(question),)
    read, most = _READ[question.kind]
    return (Cleaned(read, most, lambda: missing(question)),)


def _appearance(_form: Any, field: Any) -> None:
    if field.data not in (HIDDEN, SHORT, FULL):
        field.data = HIDDEN


class Tokenless:
    """Settings of a form that has no session and so no token tied to one."""

    csrf = False


class PublicForm(FlaskForm):
    """What forms without an account share: no cookie, an own token, a field that only machines fill."""

    class Meta(Tokenless):
        """The token is a function of campaign, wording and hour, for which no session is needed."""

    token = StringField()
    website = StringField()

    @property
    def is_trapped(self) -> bool:
        """Whether a machine filled what people cannot see."""
        return bool(self.website.data)


class CorrectForm(typed.Form):
    """What a signer typed, but for the address. The address of the page is the secret: no token."""

    words: ClassVar[dict[str, tuple[typed.Check, ...]]] = {
        "name": (Cleaned(text.name, LONGEST_LINE, lambda: _("Type your name.")),),
        "country": (known_country,),
        "place": (Cleaned(text.line, LONGEST_LINE, lambda: _("Type your town or city.")),),
        "role": (Cleaned(text.line, LONGEST_LINE, lambda: _("Type what you do.")),),
        "organisation": (Cleaned(text.line, LONGEST_LINE, lambda: _("Type the name of your organisation.")),),
        "comment": (Cleaned(text.paragraphs, LONGEST_COMMENT, lambda: _("Type why you sign.")),),
        "appear": (_appearance,),
    }
    unless_given: ClassVar[dict[str, str]] = {"appear": HIDDEN}
    ticks: ClassVar[tuple[str, ...]] = ("on_behalf", "with_role")

    asks: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset({"name"})
    #: The campaign's own questions; each has a field of its name in the form.
    own: tuple[Question, ...] = ()

    def ask(self, reading: Reading, language: str) -> Self:
        """Ask what the campaign asks, in a language; what it does not ask is not taken."""
        own = reading.questions(language)
        required = {name for name, how in reading.asks.items() if how == "required"}
        self._ask(reading.asks, {"name"} | required | {one.name for one in own if one.required}, own)
        return self

    def _ask(self, asked: Iterable[str], required: set[str], own: tuple[Question, ...]) -> None:
        self.own = own
        self.asks = frozenset(asked) | {one.name for one in own}
        self.requires = frozenset(required)
        for name in ASKABLE:
            if name not in self.asks:
                self[name].data = ""
        for one in own:
            self.add(one.name, _own_checks(one))

    def details(self, address: str, short: str = "") -> Details:
        """What names the person, cleaned."""
        return Details(
            name=self.name.data, address=address, place=self.place.data, role=self.role.data,
            organisation=self.organisation.data, comment=self.comment.data, short=short, own=self._answers(),
        )  # fmt: skip

    def _answers(self) -> dict[str, Answer]:
        return {one.key: one.answer(self[one.name].data) for one in self.own if self[one.name].data}

    def choices(self, language: str, source: str = "", news: bool = False) -> Choices:
        """What is kept in clear."""
        behalf = self.on_behalf.data and bool(self.organisation.data)
        return Choices(
            language=language, country=self.country.data or "", appear=self.appear.data,
            with_role=bool(self.with_role.data), on_behalf=behalf, news=news, source=source,
        )  # fmt: skip


class OwnForm(CorrectForm):
    """The same on the own page, where the short form for the public list can be edited."""

    words: ClassVar[dict[str, tuple[typed.Check, ...]]] = CorrectForm.words | {
        "short": (Cleaned(text.name, LONGEST_LINE, lambda: ""),)
    }

    def ask_again(self, reading: Reading, language: str, stored: Details, country: str) -> Self:
        """Ask what the campaign asks and what is stored, also where it is asked no more; what somebody signed
        without is never required of them."""
        given = {name for name in ASKABLE if (country if name == "country" else getattr(stored, name))}
        own = fields.asked_again(reading.questions(language), stored.own, language)
        must = {name for name in given if reading.asks.get(name) == "required"}
        self._ask(given | set(reading.asks), {"name"} | must | {one.name for one in own if one.required}, own)
        return self


class SignForm(CorrectForm):
    """The form that signs: with a token, and a field that only machines fill."""

    words: ClassVar[dict[str, tuple[typed.Check, ...]]] = (
        {"token": (), "website": ()} | CorrectForm.words | {"email": (checked_address,)}
    )
    ticks: ClassVar[tuple[str, ...]] = (*CorrectForm.ticks, "news", "partner_news")

    #: On whose page it stands, where that is a partner's, and the partner's own box; set by `by`.
    partner: Partner | None = None
    box: Box | None = None

    @property
    def is_trapped(self) -> bool:
        """Whether a machine filled what people cannot see."""
        return bool(self.website.data)

    def by(self, partner: Partner | None, box: Box | None) -> Self:
        """Let it stand on a partner's page, with the partner's own box where it has one."""
        self.partner, self.box = partner, box
        return self

    def choices(self, language: str, source: str = "", news: bool = False) -> Choices:
        """The same, and the partner with its box."""
        found = super().choices(language, source, news)
        if self.partner is None:
            return found
        version = self.partner.version if self.box and self.partner_news.data else None
        return replace(found, partner=self.partner.key, partner_version=version)


class LinkForm(PublicForm):
    """ "Send me my link": an address, and the campaign where the page is not one's."""

    email = MailboxField(validators=[checked_address])
    campaign = StringField()
    asks: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset({"email"})


class WishForm(PublicForm):
    """To join, to be told of meetings, to get news of a campaign: an address, and what each asks beyond it."""

    #: What is asked, and whether it must be answered.
    ASKS: ClassVar[dict[str, dict[str, bool]]] = {
        JOIN: {"name": True, "country": True, "place": False, "note": False},
        MEETINGS: {"country": False, "place": False},
        NEWS: {},
    }

    email = MailboxField(validators=[checked_address])
    name = StringField(validators=[Cleaned(text.name, LONGEST_LINE, lambda: _("Type your name."))])
    country = StringField(validators=[known_country])
    place = StringField(validators=[Cleaned(text.line, LONGEST_LINE, lambda: _("Type your town or city."))])
    note = StringField(validators=[Cleaned(text.paragraphs, LONGEST_COMMENT, lambda: "")])

    asks: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()

    def ask(self, wish: str) -> "WishForm":
        """Ask what a wish asks; what it does not ask is not taken."""
        asked = self.ASKS[wish]
        self.asks = frozenset(asked)
        self.requires = frozenset(name for name, must in asked.items() if must)
        for name in ("name", "country", "place", "note"):
            if name not in self.asks:
                self[name].data = ""
        return self

    def details(self) -> ContactDetails:
        """What was typed, cleaned."""
        return ContactDetails(
            address=self.email.mailbox.address, name=self["name"].data or "", country=self.country.data or "",
            place=self.place.data or "", note=self.note.data or "",
        )  # fmt: skip
