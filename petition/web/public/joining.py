"""The forms of contacts: join, be told of meetings, get news of a campaign. One pending contact, one letter, and the
same answer for every address."""

from dataclasses import dataclass

from flask import Blueprint, abort, g, make_response, render_template
from werkzeug import Response as BaseResponse

from petition import contacts, links, networks, signatures
from petition.base import db, i18n, settings, together, tokens, urls
from petition.base.mailbox import Mailbox
from petition.campaigns import Reading
from petition.contacts import JOIN, MEETINGS, NEWS, SITE_TERMS, Wish
from petition.web import context, guards, limits
from petition.web.forms import WishForm
from petition.web.onward import see_other
from petition.web.public.signing import hand_back, inbox_page, or_hand_back, posted_token

blueprint = Blueprint("joining", __name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a form asks for, in which language; `reading` is None where it is about the whole site."""

    wish: str
    language: str
    reading: Reading | None

    @property
    def path(self) -> str:
        """The address of the form."""
        if self.reading is not None:
            return urls.campaign_news(self.language, self.reading.slug)
        return (urls.join if self.wish == JOIN else urls.tell_me)(self.language)

    @property
    def name(self) -> str:
        """What a stamp of this form is made for."""
        return f"{self.wish} {self.reading.id if self.reading else 'site'}"

    @property
    def campaign_id(self) -> int | None:
        """The campaign it is about."""
        return self.reading.id if self.reading else None

    def token(self) -> str:
        """The token of this form: nobody's own, so that pages can be kept."""
        if self.reading is not None:
            return context.form_token(self.reading, self.language)
        return tokens.form(0, 0, SITE_TERMS, "", db.now())

    def mailbox(self, typed: Mailbox) -> bytes:
        """The hash under which this wish of a mailbox is kept."""
        if self.reading is not None:
            return signatures.mailbox_key(self.reading, typed.folded)
        return links.site_mailbox(typed.folded)


def _subject(language: str, wish: str, slug: str) -> Subject:
    if not slug:
        return Subject(wish, guards.language(language), None)
    reading = guards.campaign(language, slug)
    if reading.forgotten_at is not None:
        # Its people are forgotten, and nobody can be kept on its list any more.
        abort(404)
    g.colour, g.page_language = reading.colour, language
    return Subject(wish, language, reading)


@blueprint.get("/<lang:language>/join", defaults={"wish": JOIN})
@blueprint.get("/<lang:language>/events/tell-me", defaults={"wish": MEETINGS})
@blueprint.get("/<lang:language>/campaigns/<slug:slug>/news", defaults={"wish": NEWS})
def form(language: str, wish: str, slug: str = "") -> str:
    """A form, the same for everybody."""
    subject = _subject(language, wish, slug)
    empty = WishForm(formdata=None).ask(wish)
    empty.token.data = subject.token()
    return _page(subject, empty)


def _page(subject: Subject, form: WishForm) -> str:
    read, reading = settings.current(), subject.reading
    consent = context.consent_view(reading) if reading else None
    privacy = urls.campaign(subject.language, reading.slug) if reading else f"/{i18n.spoken()}"
    return render_template(
        "public/joining.html",
        wish=subject.wish,
        form=form,
        wording=context.wording_view(reading, subject.language) if reading else None,
        campaign_href=privacy if reading else None,
        responsible=(consent.responsible, consent.responsible_address) if consent else read.responsible,
        months=consent.months if consent else read.contact_months,
        stored_href=privacy + "/privacy",
        **(context.country_lists() if "country" in form.asks else {}),
    )


@blueprint.post("/<lang:language>/join", defaults={"wish": JOIN})
@blueprint.post("/<lang:language>/events/tell-me", defaults={"wish": MEETINGS})
@blueprint.post("/<lang:language>/campaigns/<slug:slug>/news", defaults={"wish": NEWS})
def ask(language: str, wish: str, slug: str = "") -> BaseResponse:
    """Take a wish: the answer is the same for every address."""
    g.language = i18n.interface(language)
    guards.form_body()
    address = limits.client_address()
    if limits.too_many(address):
        abort(429)
    return or_hand_back(lambda: _ask(language, wish, slug, address))


def _ask(language: str, wish: str, slug: str, address: str) -> BaseResponse:
    at = db.now()
    subject = _subject(language, wish, slug)
    token = posted_token(subject.campaign_id or 0)
    if token is None:
        return hand_back("expired", subject.token())
    typed = WishForm().ask(wish)
    if not typed.validate():
        typed.token.data = token.renewed(at)
        return make_response(_page(subject, typed), 422)
    if not typed.is_trapped:
        contacts.ask(
            Wish(subject.campaign_id, wish, subject.mailbox(typed.email.mailbox)), typed.details(), language=language,
            consent_version=token.consent, network=networks.hashed(address, at), at=at, put=together.put,
        )  # fmt: skip
    stamp = tokens.stamp("inbox", subject.name, typed.email.data)
    return see_other(f"{subject.path}/inbox/{stamp}")


@blueprint.get("/<lang:language>/join/inbox/<stamp>", defaults={"wish": JOIN})
@blueprint.get("/<lang:language>/events/tell-me/inbox/<stamp>", defaults={"wish": MEETINGS})
@blueprint.get("/<lang:language>/campaigns/<slug:slug>/news/inbox/<stamp>", defaults={"wish": NEWS})
def inbox(language: str, wish: str, stamp: str, slug: str = "") -> str:
    """Check your inbox; see `signing.inbox`."""
    subject = _subject(language, wish, slug)
    reading = subject.reading
    return inbox_page(
        "public/joining_inbox.html", subject.name, stamp,
        wording=context.wording_view(reading, language) if reading else None, form_href=subject.path,
        campaign_href=urls.campaign(language, reading.slug) if reading else None,
    )  # fmt: skip
