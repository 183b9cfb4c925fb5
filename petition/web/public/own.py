"""The page behind every link: what waits for the button, what is counted, correct, withdraw.

The address is the secret, so its forms need no other token. Looking changes nothing; every verb locks the link's
row first.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, Response, abort, g, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug import Response as BaseResponse

from petition import campaigns, contacts, links, signatures, wordings
from petition.base import countries, db, i18n, mailbox, tokens, urls
from petition.base.text import short_name
from petition.base.tokens import BadToken
from petition.campaigns import Phase, Reading
from petition.details import Details, opened, shown
from petition.fields import DATE, PREFIX, Answer
from petition.links import Link
from petition.signatures import COUNTED, PendingSignature, Signature
from petition.web import context, guards
from petition.web.forms import OwnForm
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
    texts = _texts(reading, _seen_by(signature, pending), language)
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
        correct=_correcting(reading, signature, form),
        contacts=[(str(one.id), _("News of this campaign")) for one in contacts.of_mailbox(reading.id, link.mailbox)],
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


def _seen_by(signature: Signature | None, pending: Sequence[PendingSignature]) -> dict[int, wordings.Version]:
    """The version of the text that each signer saw, by the wording's id."""
    ids = [one.wording_id for one in pending] + ([signature.wording_id] if signature else [])
    return wordings.seen(ids) if ids else {}


def _texts(reading: Reading, found: dict[int, wordings.Version], language: str) -> dict[int, Markup]:
    """The same, each as a link to what its signer saw."""
    return {
        key: Markup('<a href="{}">{}</a>').format(
            urls.wording(language, reading.slug, one.language, one.version),
            _(
                "version %(number)s, %(language)s",
                number=i18n.number(one.version),
                language=i18n.own_name(one.language),
            ),
        )
        for key, one in found.items()
    }


def _waiting(reading: Reading, pending: PendingSignature, at: datetime, texts: dict[int, Markup]) -> dict[str, object]:
    details = opened(reading.id, pending.sealed)
    return {
        "row": str(pending.id), "name": details.name, "at": pending.created_at,
        "state": signatures.button(reading, pending, at), "details": _listed(details, pending, texts)[1:],
    }  # fmt: skip


def _own_first(link: Link, found: list[PendingSignature]) -> list[PendingSignature]:
    """A letter's unsigned ?row= puts its own on top, however many were typed since; it can do nothing else."""
    wanted = signatures.one_pending(link, guards.number(request.args.get("row", "")))
    return [wanted, *(one for one in found if one.id != wanted.id)] if wanted else found


def _listed(
    details: Details, row: PendingSignature | Signature, texts: dict[int, Markup]
) -> list[tuple[str, str | Markup]]:
    """Everything stored, in plain words."""
    names = context.field_names()
    said = [
        (names["name"], details.name), (names["address"], details.address),
        (names["country"], countries.name(row.country, i18n.spoken()) if row.country else ""),
        (names["place"], details.place), (names["role"], details.role),
        (names["organisation"], details.organisation), (names["comment"], details.comment),
        (_("for the organisation"), _("yes") if row.on_behalf else ""),
        (_("language"), i18n.own_name(row.language)), (_("came by"), row.source),
        (_("text signed"), texts[row.wording_id]),
        (_("signed on"), i18n.moment(row.signed_at) if isinstance(row, Signature) else ""),
    ]  # fmt: skip
    said += [(answer.label, _own_said(answer)) for answer in details.own.values()]
    return [(name[:1].upper() + name[1:], value) for name, value in said if value]


def _own_said(answer: Answer) -> str:
    """An answer to a question of the campaign's own, in words."""
    return i18n.day(date.fromisoformat(answer.value)) if answer.kind == DATE else answer.option or answer.value


def _standing(reading: Reading, signature: Signature, texts: dict[int, Markup]) -> dict[str, object]:
    if signature.sealed is None:
        return {
            "state": signature.state, "name": _("Deleted"), "since": signature.day, "details": [], "appears_as": None,
        }  # fmt: skip
    details = opened(reading.id, signature.sealed)
    name, role = shown(details, signature)
    return {
        "state": signature.state, "name": details.name, "since": signature.day,
        "details": _listed(details, signature, texts), "appears_as": ", ".join(filter(None, (name, role))) or None,
    }  # fmt: skip


def _correcting(reading: Reading, signature: Signature | None, form: OwnForm | None) -> OwnForm | None:
    if form is not None or signature is None or signature.sealed is None:
        return form
    details = opened(reading.id, signature.sealed)
    own = {PREFIX + key: answer.value for key, answer in details.own.items()}
    return OwnForm(
        posted=False, name=details.name, country=signature.country, place=details.place, role=details.role,
        organisation=details.organisation, comment=details.comment, on_behalf=signature.on_behalf,
        appear=signature.appear, with_role=signature.with_role, short=details.short or short_name(details.name), **own,
    ).ask_again(reading, g.page_language, details, signature.country)  # fmt: skip


def _back(token: str, done: str | None = None) -> BaseResponse:
    return redirect(urls.own_page(token) + (f"?done={done}" if done else ""), 303)


def _row() -> int:
    """The pending signature whose button was pressed."""
    return guards.number(request.form.get("row", ""))


@blueprint.post("/t/<token>/confirm")
def confirm(token: str) -> BaseResponse:
    """The button: makes the signature. Twice, or from two tabs: the same friendly page."""
    link, reading = _locked(token)
    pressed = signatures.confirm(reading, link, _row(), db.now())
    db.session.commit()
    if not pressed.language:
        return _back(token)
    stamp = tokens.stamp("thanks", str(reading.id), "")
    return redirect(f"{urls.campaign(pressed.language, reading.slug)}/thanks/{stamp}", 303)


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
    stored = opened(reading.id, signature.sealed)
    form = OwnForm().ask_again(reading, g.page_language, stored, signature.country)
    if not form.validate():
        db.session.rollback()
        return make_response(_page(link, reading, token, form=form), 422)
    details = form.details("", _own_short(reading, signature.sealed, form))
    signatures.correct(reading, signature, details, form.choices(signature.language), db.now())
    db.session.commit()
    return _back(token, "corrected")


def _own_short(reading: Reading, sealed: bytes, form: OwnForm) -> str:
    """The short form as its owner wants it; the suggestion sent back unchanged is none, and follows the name."""
    typed: str = form.short.data or ""
    return "" if typed == short_name(opened(reading.id, sealed).name) else typed


@blueprint.post("/t/<token>/withdraw")
def withdraw(token: str) -> BaseResponse | str:
    """Erase what is stored; all links sent so far die."""
    link, reading = _locked(token)
    signature = signatures.signature_of(link)
    _speak(reading, signature, signatures.pending_of(link, most=1))
    may_return = campaigns.phase(reading, db.now()) is Phase.OPEN and not (signature and signature.state != COUNTED)
    signatures.withdraw(reading, link, db.now(), contacts_too="contacts" in request.form)
    db.session.commit()
    href = urls.campaign(g.page_language, reading.slug) if may_return else None
    return render_template(
        "public/gone.html", wording=context.wording_view(reading, g.page_language), campaign_href=href
    )


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
    links.allow(link)
    db.session.commit()
    return _back(token, "allowed")


@blueprint.post("/t/<token>/stop-news")
def stop_news(token: str) -> BaseResponse:
    """Stop the news asked for, and nothing else."""
    link, reading = _locked(token)
    contacts.forget(reading.id, link.mailbox)
    db.session.commit()
    return _back(token, "stopped")


@blueprint.get("/t/<token>/data.json")
def data(token: str) -> Response:
    """Everything stored, to take along."""
    link, reading = _seen(token)
    signature = signatures.signature_of(link)
    pending = signatures.pending_of(link, most=1000)
    texts = _seen_by(signature, pending)
    answer = jsonify(
        campaign=urls.absolute(urls.campaign(reading.first_language, reading.slug)),
        signature=_record(reading, signature, texts) if signature else None,
        waiting_for_confirmation=[_record(reading, one, texts) for one in pending],
        news_asked_for=[one.wish for one in contacts.of_mailbox(reading.id, link.mailbox)],
    )
    answer.headers["Content-Disposition"] = "attachment; filename=signature.json"
    return answer


def _record(
    reading: Reading, row: PendingSignature | Signature, texts: dict[int, wordings.Version]
) -> dict[str, object]:
    details = opened(reading.id, row.sealed) if row.sealed else None
    names = ("name", "address", "place", "role", "organisation", "comment", "short")
    record: dict[str, object] = {name: getattr(details, name) for name in names} if details else {}
    if details and details.own:
        record["own"] = {key: answer._asdict() for key, answer in details.own.items()}
    record |= {
        name: getattr(row, name)
        for name in ("country", "language", "channel", "source", "appear", "with_role", "on_behalf", "consent_version")
    }
    text = texts[row.wording_id]
    record["wording"] = {"language": text.language, "version": text.version}
    moments = {"signed_at": row.signed_at, "entered_at": row.entered_at} if isinstance(row, Signature) else {
        "signed_at": row.created_at
    }  # fmt: skip
    return record | {name: value.isoformat() for name, value in moments.items()}
