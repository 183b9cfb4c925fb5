"""Signing: the form's POST, check your inbox, thanks, and "send me my link"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, g, make_response, render_template, request
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from werkzeug import Response as BaseResponse
from werkzeug.datastructures import MultiDict

from petition import articles, campaigns, networks, partners, register, signatures, wordings
from petition.base import db, i18n, mailbox, outbox, settings, together, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.tokens import BadToken, FormToken
from petition.campaigns import Phase, Reading
from petition.fields import CHOICE, PREFIX, Question
from petition.web import context, endorsing, errors, guards, kept, limits, ticked
from petition.web.forms import LinkForm, SignForm
from petition.web.onward import see_other
from petition.web.public.campaign import MORE_ARTICLES, campaign_page, next_events
from petition.web.public.sharing import has_poster

blueprint = Blueprint("signing", __name__)
#: A backlog older than this is told of on the page that says "check your inbox".
SLOW_SECONDS = 600
#: The name of a campaign's own field in a form.
_OWN = re.compile(rf"{PREFIX}[a-z][a-z0-9_]{{0,29}}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a campaign's form stands: the path of its page, and the page with a form in whatever state. `source` is
    whence those come who bring none."""

    path: Callable[[Reading, str], str]
    page: Callable[[Reading, str, SignForm], str]
    source: str = ""


_OWN_PAGE = Place(lambda reading, language: urls.campaign(language, reading.slug), campaign_page)


@blueprint.post("/<lang:language>/campaigns/<slug:slug>")
def sign(language: str, slug: str) -> BaseResponse:
    """Take a signature: one pending signature, one letter, and the same answer for every address."""
    return take(language, slug, _OWN_PAGE)


def take(language: str, slug: str, place: Place) -> BaseResponse:
    """What a campaign's form is answered, wherever it stands. Commits."""
    g.language = i18n.interface(language)
    guards.form_body()
    address = limits.client_address()
    if limits.too_many(address):
        abort(429)
    return or_hand_back(lambda: _in_turn(language, slug, address, place), lambda: _recalled(language, slug))


def _in_turn(language: str, slug: str, address: str, place: Place) -> BaseResponse:
    with together.preparing():
        return _sign(language, slug, address, place)


def _sign(language: str, slug: str, address: str, place: Place) -> BaseResponse:
    at = db.now()
    reading = guards.campaign(language, slug)
    guards.speak(reading, language)
    if campaigns.phase(reading, at) is not Phase.OPEN:
        return make_response(_not_open(reading, language), 409)
    token = posted_token(reading.id)
    if token is None:
        return hand_back("expired", context.form_token(reading, language), reading.questions(language))
    partner = partners.of_token(reading.id, token.partner)
    form = SignForm().by(partner, ticked.box(partner, reading, language))
    form.ask(reading, language)
    if not form.validate():
        form["token"].data = token.renewed(at)
        return make_response(place.page(reading, language, form), 422)
    if not form.is_trapped:
        try:
            _store(reading, token, form, language, guards.source() or place.source, address, at)
        except IntegrityError:
            db.session.rollback()
            if wordings.exists(token.wording):
                raise
            # It was corrected before anybody had signed it.
            return _corrected(language, slug, token.partner)
    stamp = tokens.stamp("inbox", str(reading.id), form.email.data)
    return see_other(f"{place.path(reading, language)}/inbox/{stamp}")


def _store(
    reading: Reading, token: FormToken, form: SignForm, language: str, source: str, address: str, at: datetime
) -> None:  # fmt: skip
    signatures.sign(
        reading, token.wording, token.consent, form.email.mailbox, form.details(form.email.mailbox.address),
        form.choices(language, source, bool(form.news.data)), network=networks.hashed(address, at), at=at,
        put=together.put,
    )  # fmt: skip


def _corrected(language: str, slug: str, partner: str) -> BaseResponse:
    """The form again, for the text as it is now: nobody signs what they have not seen."""
    reading = campaigns.read(slug)
    if reading is None:
        abort(404)
    return hand_back("changed", context.form_token(reading, language, partner), reading.questions(language))


def _recalled(language: str, slug: str) -> tuple[Question, ...]:
    """A campaign's own questions where this process still knows them; without the database."""
    known = guards.recalled(slug)
    return known.questions(language) if known else ()


def posted_token(campaign_id: int) -> FormToken | None:
    """The posted form token, if it is this campaign's (0: of no campaign) and of the last day."""
    try:
        token = FormToken(request.form.get("token", ""))
    except BadToken:
        return None
    return token if token.campaign == campaign_id and token.is_fresh(db.now()) else None


def _not_open(reading: Reading, language: str) -> str:
    total = register.total(reading.id)
    return render_template(
        "public/not_open.html",
        wording=context.wording_view(reading, language),
        campaign=context.campaign_view(reading, total, db.now()),
        total=total,
    )


def or_hand_back(answer: Callable[[], BaseResponse], asked: Callable[[], tuple[Question, ...]] = tuple) -> BaseResponse:
    """What a form's POST answers; the form again with what was typed where the database is away or full (S72), or there
    is no room for the request.

    `asked` gives the campaign's own questions without the database, as far as they are known.
    """
    if guards.is_full():
        return hand_back("unavailable", asked=asked())
    try:
        return answer()
    except SQLAlchemyError as error:
        if not db.is_unavailable(error):
            raise
        db.session.rollback()
        return hand_back("unavailable", asked=asked())


def hand_back(reason: str, fresh: str = "", asked: tuple[Question, ...] = ()) -> Response:
    """The form again, rebuilt from what was posted and nothing else: no database is asked (S35, S72).

    A genuine token of this campaign is made fresh and keeps saying which wording was seen; else, and where that
    wording is no more (`reason` "changed"), `fresh` is given.
    What was typed into fields of the campaign's own is labelled as `asked` says, else by their keys.
    """
    # What is said here is not among the words that a campaign brings.
    g.language = i18n.house()
    i18n.answer_with(None)
    labels = context.field_names() | {
        "email": _("E-mail address"), "name": _("Your name"), "on_behalf": _("I sign for the organisation"),
        "appear": _("How to appear in the public list"), "with_role": _("Show what I do and my organisation as well"),
        "news": _("Send me news of this campaign"), "partner_news": _("Let the site on whose page I sign write to me"),
        "campaign": _("Campaign"), "short": _("Your short form"),
        "note": _("What you would like to do"),
    }  # fmt: skip
    labels |= endorsing.labels()
    posted: MultiDict[str, str] = request.form
    labels |= {name: name.removeprefix(PREFIX).replace("_", " ") for name in posted if _OWN.fullmatch(name)}
    labels |= {one.name: one.label for one in asked}
    choices = {one.name: one.options for one in asked if one.kind == CHOICE}
    choices["level"] = tuple(endorsing.levels().items())
    fields = [(name, label[:1].upper() + label[1:], posted[name]) for name, label in labels.items() if name in posted]
    token = fresh if reason == "changed" else _renewed(posted.get("token", ""), fresh)
    retry = errors.RETRY_AFTER if reason == "unavailable" else None
    page = render_template("public/resend.html", fields=fields, choices=choices, token=token, reason=reason,
                           retry_after=retry, **context.country_lists())  # fmt: skip
    answer = make_response(page, 503 if retry else 422)
    if retry:
        answer.headers["Retry-After"] = str(retry)
    return answer


def _renewed(posted: str, fresh: str) -> str:
    try:
        token = FormToken(posted)
        same = not fresh or FormToken(fresh).campaign == token.campaign
    except BadToken:
        return fresh
    return token.renewed(db.now()) if same else fresh


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/inbox/<stamp>")
def inbox(language: str, slug: str, stamp: str) -> str:
    """Check your inbox. With a stamp of the last 15 minutes it shows the address just typed (S18)."""
    reading = guards.campaign(language, slug)
    return signing_inbox(reading, language, stamp, urls.campaign(language, reading.slug))


def signing_inbox(reading: Reading, language: str, stamp: str, form_path: str) -> str:
    """Check your inbox, for whoever signed a campaign in the form on a page."""
    guards.speak(reading, language)
    base = urls.campaign(language, reading.slug)
    about = {
        "wording": context.wording_view(reading, language), "campaign_href": base, "form_href": form_path + "#sign",
        "link_href": base + "/link",
    }  # fmt: skip
    return inbox_page("public/inbox.html", str(reading.id), stamp, **about)


def inbox_page(template: str, about: str, stamp: str, **more: object) -> str:
    """A page that says "check your inbox"; with a stamp made for the same form, of the address just typed."""
    try:
        address = tokens.read_stamp("inbox", about, stamp)
    except BadToken:
        address = None
    now = settings.current()
    return render_template(
        template,
        address=address,
        provider=_provider(address),
        sender=f"{now.site_name} <{now.mail_from}>" if now.mail_from else now.site_name,
        slow=outbox.is_slow(SLOW_SECONDS),
        kept_href=kept.address(),
        **more,
    )


def _provider(address: str | None) -> dict[str, str] | None:
    if not address:
        return None
    try:
        found = mailbox.provider(mailbox.parse(address).domain)
    except mailbox.MailboxRefused:
        return None
    return {"name": found.name, "href": found.inbox} if found and found.inbox else None


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/thanks/<stamp>")
def thanks(language: str, slug: str, stamp: str) -> str | BaseResponse:
    """Thanks, with the new total; after 15 minutes it leads to the campaign (S16)."""
    reading = guards.campaign(language, slug)
    base = urls.campaign(language, reading.slug)
    try:
        tokens.read_stamp("thanks", str(reading.id), stamp)
    except BadToken:
        return see_other(base)
    guards.speak(reading, language)
    at, spoken = db.now(), i18n.interface(language)
    wording = context.wording_view(reading, language)
    return render_template(
        "public/thanks.html",
        wording=wording,
        campaign_href=base,
        total=register.total(reading.id),
        share=context.share_view(wording.title, base),
        endorse_href=urls.endorse(language, reading.slug) if reading.forgotten_at is None else "",
        poster_href=urls.poster(language, reading.slug) if has_poster(reading) else "",
        news_href=urls.campaign_news(language, reading.slug) if reading.forgotten_at is None else "",
        # Its own meetings, or else any.
        events=next_events(language, at, reading.id) or next_events(language, at),
        articles=context.article_cards(articles.newest(language, at, MORE_ARTICLES, campaign_id=reading.id), spoken),
        privacy=base + "/privacy",
    )


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/link")
def link(language: str, slug: str) -> str:
    """ "Send me my link", which every campaign has, closed ones too."""
    reading = guards.campaign(language, slug)
    form = LinkForm(formdata=None)
    form.token.data = context.form_token(reading, language)
    return _link_page(reading, language, form)


def _link_page(reading: Reading, language: str, form: LinkForm) -> str:
    g.colour, g.page_language = reading.colour, language
    wording = context.wording_view(reading, language)
    return render_template("public/link.html", wording=wording, campaigns=None, form=form)


@blueprint.post("/<lang:language>/campaigns/<slug:slug>/link")
def send_link(language: str, slug: str) -> BaseResponse:
    """Post a letter that says something only if something is stored; the answer is always the same."""
    g.language = i18n.interface(language)
    guards.form_body()
    if limits.too_many(limits.client_address()):
        abort(429)
    return or_hand_back(lambda: _ask_for_link(language, slug))


def _ask_for_link(language: str, slug: str) -> BaseResponse:
    reading = guards.campaign(language, slug)
    token = posted_token(reading.id)
    if token is None:
        return hand_back("expired", context.form_token(reading, language))
    form = LinkForm()
    if not form.validate():
        form.token.data = token.renewed(db.now())
        return make_response(_link_page(reading, language, form), 422)
    return _send(reading, language, form)


def _send(reading: Reading, language: str, form: LinkForm) -> BaseResponse:
    if not form.is_trapped and reading.sealed_key is not None:
        address = form.email.mailbox
        outbox.post(
            "link", language=language, campaign_id=reading.id,
            mailbox=signatures.mailbox_key(reading, address.folded), sealed={"to": address.address},
        )  # fmt: skip
        db.session.commit()
    return see_other(f"/{i18n.interface(language)}/link/sent")


@blueprint.get("/<lang:language>/link/sent")
def link_sent(language: str) -> str:
    """Always the same answer."""
    guards.language(language)
    return render_template("public/link_sent.html")


@blueprint.get("/<lang:language>/link")
def find_link(language: str) -> str:
    """ "Send me my link" for whoever has lost it: choose the campaign, type the address (S04)."""
    guards.language(language)
    form = LinkForm(formdata=None)
    form.token.data = tokens.form(0, 0, 0, "", db.now())
    return _find_page(language, form)


def _find_page(language: str, form: LinkForm) -> str:
    known = [(one.slug, one.wording(language).title) for one in campaigns.all_public(db.now())]
    return render_template("public/find_link.html", campaigns=known, wording=None, form=form)


@blueprint.post("/<lang:language>/link")
def send_found_link(language: str) -> BaseResponse:
    """The same as `send_link`, the campaign chosen in the form."""
    guards.language(language)
    guards.form_body()
    if limits.too_many(limits.client_address()):
        abort(429)
    return or_hand_back(lambda: _ask_for_found_link(language))


def _ask_for_found_link(language: str) -> BaseResponse:
    token = posted_token(0)
    if token is None:
        return hand_back("expired", tokens.form(0, 0, 0, "", db.now()))
    form = LinkForm()
    valid = form.validate()
    slug = form.campaign.data or ""
    reading = guards.reading(slug) if guards.is_slug(slug) else None
    if reading is None or campaigns.phase(reading, db.now()) in (Phase.DRAFT, Phase.WITHDRAWN):
        form.campaign.errors = [_("Choose the campaign.")]
        valid = False
    if not valid or reading is None:
        form.token.data = token.renewed(db.now())
        return make_response(_find_page(language, form), 422)
    return _send(reading, language, form)
