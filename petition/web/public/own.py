"""The page behind every link: what waits for the button, what is counted, correct, withdraw.

The address is the secret, so its forms need no other token. Looking changes nothing; every verb locks the link's
row first.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, g, jsonify, make_response, render_template, request
from markupsafe import Markup
from werkzeug import Response as BaseResponse

from petition import affairs, campaigns, confirming, contacts, links, objections, signatures
from petition.base import db, i18n, mailbox, text, together, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.text import TextRefused
from petition.base.tokens import BadToken
from petition.campaigns import Phase, Reading
from petition.confirming import Press, Pressed
from petition.details import opened, shown
from petition.links import Link
from petition.objections import Objection
from petition.signatures import COUNTED, PendingSignature, Signature
from petition.web import context, guards, stored, ticked
from petition.web.forms import OwnForm
from petition.web.onward import see_other
from petition.web.public.signing import or_hand_back

blueprint = Blueprint("own", __name__)
PAGE = 20


@blueprint.before_request
def _only_our_forms() -> None:
    """What is not one of our forms is refused; a press without any body is one."""
    if request.method == "POST" and (request.mimetype or request.content_length):
        guards.form_body()


def _locked(token: str) -> tuple[Link, Reading]:
    """The link of a token with its row locked, and its campaign; 404 for whatever is not one."""
    return _with_reading(links.lock(_id(token)))


def _seen(token: str) -> tuple[Link, Reading]:
    """The same for looking, without a lock."""
    return _with_reading(links.find(_id(token)))


def _id(token: str) -> UUID:
    try:
        return tokens.read_link("own", token)
    except BadToken:
        abort(404)


def _with_reading(link: Link | None) -> tuple[Link, Reading]:
    if link is None:
        abort(404)
    reading = guards.reading_of(link.campaign_id)
    g.colour = reading.colour
    return link, reading


@blueprint.get("/t/<token>")
def page(token: str) -> str | Response:
    """The own page. HEAD, twice, by a scanner that runs scripts: nothing changes."""
    link, reading = _seen(token)
    return _page(link, reading, token)


def _page(link: Link, reading: Reading, token: str, *, form: OwnForm | None = None) -> str:
    at = db.now()
    signature = signatures.signature_of(link)
    found = signatures.pending_of(link, most=PAGE + 1, before=_before())
    pending = _own_first(link, found[:PAGE])
    language = _speak(reading, signature, pending)
    texts = stored.texts(reading, stored.seen_by(signature, pending), language)
    quiet, until = _quiet(link, at)
    return render_template(
        "public/own.html",
        wording=context.wording_view(reading, language),
        campaign=context.campaign_view(reading, 0, at),
        consent=context.consent_view(reading),
        campaign_href=urls.campaign(language, reading.slug),
        address_root=urls.own_page(token),
        pending=[] if quiet else [_waiting(reading, one, at, texts) for one in pending],
        more_href=f"?before={found[PAGE - 1].created_at.timestamp()}" if len(found) > PAGE else None,
        signature=_standing(reading, signature, texts) if signature else None,
        correct=form or stored.correcting(reading, signature, g.page_language, OwnForm),
        heard=[(one, objections.said(one)) for one in _objections(signature)],
        may_object=_may_object(signature),
        contacts=[(str(one.id), ticked.label(one)) for one in contacts.of_mailbox(reading.id, link.mailbox)],
        quiet=quiet,
        quiet_until=until,
        notice=request.args.get("done"),
        paused=campaigns.is_paused(reading, at),
        switch=_switch(reading, language),
        **context.country_lists(),
    )


def _before() -> datetime | None:
    try:
        return datetime.fromtimestamp(float(request.args.get("before", "")), db.now().tzinfo)
    except (ValueError, OverflowError, OSError):
        return None


def _speak(reading: Reading, signature: Signature | None, pending: list[PendingSignature]) -> str:
    """The language of the page: the one asked for, else the signer's."""
    theirs = signature.language if signature else pending[0].language if pending else reading.first_language
    asked = request.args.get("language", "")
    language = asked if asked in (*i18n.languages(), *reading.words) else theirs
    guards.speak(reading, language)
    return language


def _switch(reading: Reading, current: str) -> list[tuple[str, str, str, bool]]:
    return [
        (code, i18n.own_name(code), f"?language={code}", code == current)
        for code in (*reading.words, *i18n.languages())
    ]


def _quiet(link: Link, at: datetime) -> tuple[str | None, datetime | None]:
    """Whether this link has asked for no letters: then the page shows one thing, and until when."""
    until = links.suppression_by(link.id, at)
    if until is not None:
        return "site", until
    if link.quiet_until is not None and link.quiet_until > at:
        return "campaign", link.quiet_until
    return None, None


def _waiting(reading: Reading, pending: PendingSignature, at: datetime, texts: dict[int, Markup]) -> dict[str, object]:
    details = opened(reading.id, pending.sealed)
    return {
        "row": str(pending.id), "name": details.name, "at": pending.created_at,
        "state": signatures.button(reading, pending, at), "details": stored.listed(details, pending, texts)[1:],
    }  # fmt: skip


def _own_first(link: Link, found: list[PendingSignature]) -> list[PendingSignature]:
    """A letter's unsigned ?row= puts its own on top, however many were typed since; it can do nothing else."""
    row = guards.number(request.args.get("row", ""))
    wanted = next((one for one in found if one.id == row), None)
    if row and wanted is None:
        wanted = signatures.one_pending(link, row)
    return [wanted, *(one for one in found if one.id != row)] if wanted else found


def _standing(reading: Reading, signature: Signature, texts: dict[int, Markup]) -> dict[str, object]:
    if signature.sealed is None:
        return {
            "state": signature.state, "name": _("Deleted"), "since": signature.day, "details": [], "appears_as": None,
        }  # fmt: skip
    details = opened(reading.id, signature.sealed)
    name, role = shown(details, signature)
    return {
        "state": signature.state, "name": details.name, "since": signature.day,
        "details": stored.listed(details, signature, texts),
        "appears_as": ", ".join(filter(None, (name, role))) or None,
        "waits": bool(name) and not signature.shown_name,
    }  # fmt: skip


def _objections(signature: Signature | None) -> Sequence[Objection]:
    """What its owner has said against a decision; nothing is left of that once they have withdrawn."""
    return objections.of_signature(signature.id) if signature is not None else ()


def _may_object(signature: Signature | None) -> bool:
    aside = signature is not None and signature.state != COUNTED and signature.sealed is not None
    return aside and objections.may_object(_objections(signature))


def _back(token: str, done: str | None = None) -> BaseResponse:
    return see_other(urls.own_page(token) + (f"?done={done}" if done else ""))


def _row() -> int:
    """The pending signature whose button was pressed."""
    return guards.number(request.form.get("row", ""))


@blueprint.post("/t/<token>/confirm")
def confirm(token: str) -> BaseResponse:
    """The button: makes the signature. Twice, or from two tabs: the same friendly page."""
    pressed = together.share("confirm", _press_all, Press(_id(token), _row()))
    if not pressed.campaign_id:
        abort(404)
    if not pressed.language:
        return _back(token)
    reading = guards.reading_of(pressed.campaign_id)
    stamp = tokens.stamp("thanks", str(reading.id), "")
    return see_other(f"{urls.campaign(pressed.language, reading.slug)}/thanks/{stamp}")


def _press_all(presses: Sequence[Press]) -> list[Pressed]:
    try:
        pressed = confirming.press_all(presses, guards.reading_of, db.now())
        db.session.commit()
    except Exception:
        db.session.rollback()
        raise
    return pressed


@blueprint.post("/t/<token>/fresh")
def fresh(token: str) -> BaseResponse:
    """A fresh letter for an old one, without typing anything again (S05)."""
    link, reading = _locked(token)
    done = signatures.refresh(reading, link, _row(), db.now())
    db.session.commit()
    return _back(token, "fresh" if done else None)


@blueprint.post("/t/<token>/correct")
def correct(token: str) -> BaseResponse:
    """Change what was typed, but for the address, and how to appear."""
    return or_hand_back(lambda: _correct(token))


def _correct(token: str) -> BaseResponse:
    link, reading = _locked(token)
    signature = signatures.signature_of(link)
    if signature is None or signature.sealed is None:
        return _back(token)
    _speak(reading, signature, [])
    before = opened(reading.id, signature.sealed)
    form = OwnForm().ask_again(reading, g.page_language, before, signature.country)
    if not form.validate():
        db.session.rollback()
        return make_response(_page(link, reading, token, form=form), 422)
    details = stored.corrected(reading, signature.sealed, form)
    signatures.correct(reading, signature, details, form.choices(signature.language), db.now())
    db.session.commit()
    return _back(token, "corrected")


@blueprint.post("/t/<token>/withdraw")
def withdraw(token: str) -> BaseResponse | str:
    """Erase what is stored; all links sent so far die."""
    link, reading = _locked(token)
    signature = signatures.signature_of(link)
    _speak(reading, signature, signatures.pending_of(link, most=1))
    may_return = campaigns.phase(reading, db.now()) is Phase.OPEN and not (signature and signature.state != COUNTED)
    signatures.withdraw(reading, link, db.now(), contacts_too="contacts" in request.form)
    left = ticked.pages(contacts.of_mailbox(reading.id, link.mailbox))
    db.session.commit()
    href = urls.campaign(g.page_language, reading.slug) if may_return else None
    return render_template(
        "public/gone.html", wording=context.wording_view(reading, g.page_language), campaign_href=href, left=left
    )


@blueprint.post("/t/<token>/object")
def say_no(token: str) -> BaseResponse:
    """Say why a signature should count that is held or removed (S26); what was said before waits no longer."""
    link, reading = _locked(token)
    signature = signatures.signature_of(link)
    try:
        words = text.paragraphs(request.form.get("words", ""), most=objections.LONGEST)
    except TextRefused:
        words = ""
    done = None
    if signature is not None and words and _may_object(signature):
        done = "objected" if objections.say(reading.id, signature.id, words, db.now()) else None
        db.session.commit()
    return _back(token, done or "unsaid")


@blueprint.post("/t/<token>/not-me")
def not_me(token: str) -> BaseResponse:
    """ "This was not me": wipes or withdraws, and no letters of this campaign for a year."""
    link, reading = _locked(token)
    signatures.disown(reading, link, db.now())
    db.session.commit()
    return _back(token)


@blueprint.post("/t/<token>/no-letters")
def no_letters(token: str) -> BaseResponse:
    """No letters from this site for a year, and what is stored here goes as with "this was not me"."""
    link, reading = _locked(token)
    box = _mailbox_of(link, reading)
    signatures.disown(reading, link, db.now())
    if box is not None:
        links.suppress(link, links.site_mailbox(box), db.now())
    db.session.commit()
    return _back(token)


def _mailbox_of(link: Link, reading: Reading) -> str | None:
    """The folded mailbox of a link, from whatever is sealed of it."""
    signature = signatures.signature_of(link)
    pending = signatures.pending_of(link, most=1)
    sealed = signature.sealed if signature and signature.sealed else pending[0].sealed if pending else None
    return mailbox.parse(opened(reading.id, sealed).address).folded if sealed else None


@blueprint.post("/t/<token>/allow")
def allow(token: str) -> BaseResponse:
    """Letters again."""
    link, _reading = _locked(token)
    links.allow(link, db.now())
    db.session.commit()
    return _back(token, "allowed")


@blueprint.post("/t/<token>/stop-news")
def stop_news(token: str) -> BaseResponse:
    """Stop one thing asked for, or all where none is named, and nothing else."""
    link, reading = _locked(token)
    if "contact" in request.form:
        contacts.stop_one(reading.id, link.mailbox, guards.number(request.form["contact"]), db.now())
    else:
        contacts.forget(reading.id, link.mailbox, db.now())
    db.session.commit()
    return _back(token, "stopped")


@blueprint.get("/t/<token>/data.json")
def data(token: str) -> Response:
    """Everything stored, to take along."""
    link, reading = _seen(token)
    answer = jsonify(affairs.record(reading, link.mailbox))
    answer.headers["Content-Disposition"] = "attachment; filename=signature.json"
    return answer
