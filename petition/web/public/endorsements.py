"""Organisations that support a campaign: the page that lists them, and the form that asks for one more. One
endorsement, one letter, and the same answer for every address."""

from flask import Blueprint, abort, g, make_response, render_template
from werkzeug import Response as BaseResponse

from petition import campaigns, endorsements, networks, signatures
from petition.base import db, i18n, together, tokens, urls
from petition.campaigns import Phase, Reading
from petition.web import context, endorsing, guards, limits
from petition.web.endorsing import EndorseForm
from petition.web.onward import see_other
from petition.web.public.signing import hand_back, inbox_page, or_hand_back, posted_token

blueprint = Blueprint("endorsements", __name__)
#: While a campaign is in one of these, organisations may be added by the public form.
TAKING = (Phase.SCHEDULED, Phase.OPEN, Phase.PAUSED)


def takes(reading: Reading) -> bool:
    """Whether the form of a campaign is there to be used."""
    return reading.forgotten_at is None and campaigns.phase(reading, db.now()) in TAKING


def _campaign(language: str, slug: str) -> Reading:
    reading = guards.campaign(language, slug)
    g.colour, g.page_language = reading.colour, language
    return reading


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/endorsements", endpoint="endorsements")
def everybody(language: str, slug: str) -> str:
    """All organisations that are shown, by level."""
    reading = _campaign(language, slug)
    found = endorsements.shown(reading.id)
    return render_template(
        "public/endorsements.html",
        groups=endorsing.by_level(found),
        count=len(found),
        wording=context.wording_view(reading, language),
        campaign_href=urls.campaign(language, reading.slug),
        endorse_href=urls.endorse(language, reading.slug) if takes(reading) else "",
    )


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/endorse")
def endorse(language: str, slug: str) -> str:
    """The form, the same for everybody."""
    reading = _campaign(language, slug)
    form = EndorseForm(formdata=None)
    form.token.data = context.form_token(reading, language)
    return _page(reading, language, form)


def _page(reading: Reading, language: str, form: EndorseForm) -> str:
    base = urls.campaign(language, reading.slug)
    return render_template(
        "public/endorse.html",
        form=form if takes(reading) else None,
        levels=endorsing.levels(),
        wording=context.wording_view(reading, language),
        consent=context.consent_view(reading),
        campaign_href=base,
        stored_href=base + "/privacy",
        **context.country_lists(),
    )


@blueprint.post("/<lang:language>/campaigns/<slug:slug>/endorse")
def ask(language: str, slug: str) -> BaseResponse:
    """Take what was typed: the answer is the same for every address."""
    g.language = i18n.interface(language)
    guards.form_body()
    address = limits.client_address()
    if limits.too_many(address):
        abort(429)
    return or_hand_back(lambda: _ask(language, slug, address))


def _ask(language: str, slug: str, address: str) -> BaseResponse:
    at = db.now()
    reading = _campaign(language, slug)
    if not takes(reading):
        return make_response(_page(reading, language, EndorseForm(formdata=None)), 409)
    token = posted_token(reading.id)
    if token is None:
        return hand_back("expired", context.form_token(reading, language))
    form = EndorseForm()
    if not form.validate():
        form.token.data = token.renewed(at)
        return make_response(_page(reading, language, form), 422)
    if not form.is_trapped:
        typed = form.email.mailbox
        endorsements.ask(
            reading, form.said(), form.person(typed.address), mailbox=signatures.mailbox_key(reading, typed.folded),
            show_name=bool(form.show_name.data), language=language, consent_version=token.consent,
            network=networks.hashed(address, at), at=at, put=together.put,
        )  # fmt: skip
    stamp = tokens.stamp("inbox", _about(reading), form.email.data)
    return see_other(f"{urls.endorse(language, reading.slug)}/inbox/{stamp}")


def _about(reading: Reading) -> str:
    """What a stamp of this form is made for."""
    return f"{endorsements.ENDORSE} {reading.id}"


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/endorse/inbox/<stamp>")
def inbox(language: str, slug: str, stamp: str) -> str:
    """Check your inbox; see `signing.inbox`."""
    reading = _campaign(language, slug)
    return inbox_page(
        "public/endorse_inbox.html", _about(reading), stamp, wording=context.wording_view(reading, language),
        form_href=urls.endorse(language, reading.slug), campaign_href=urls.campaign(language, reading.slug),
    )  # fmt: skip
