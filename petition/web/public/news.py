"""The page behind the links of contacts: what was asked for, the button that confirms it, and a way out (RFC 8058).

Letters to contacts name it in `List-Unsubscribe`; a mail program's one-click POST and the page's button do the same.
It neither shows nor touches a signature. The address is the secret, so its forms need no other token. Looking changes
nothing; every verb locks the link's row first.
"""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, g, jsonify, render_template, request
from werkzeug import Response as BaseResponse

from petition import contacts, links, partners, records
from petition.base import countries, db, i18n, settings, tokens, urls
from petition.base.i18n import gettext as _
from petition.base.tokens import BadToken
from petition.campaigns import Reading
from petition.contacts import JOIN, Contact, ContactDetails, ContactLink, PendingContact
from petition.partners import Reading as Partner
from petition.web import context, guards
from petition.web.onward import see_other

blueprint = Blueprint("news", __name__)


def address(contact: Contact) -> str:
    """The path of a contact's page; its POST unsubscribes."""
    return urls.contact_page(tokens.link("news", contact.link_id))


@blueprint.before_request
def _only_our_forms() -> None:
    """What is not one of our forms is refused; a press without any body is one, and so is a mail program's."""
    ours = request.method == "POST" and request.endpoint != "news.unsubscribe"
    if ours and (request.mimetype or request.content_length):
        guards.form_body()


def _id(token: str) -> UUID:
    try:
        return tokens.read_link("news", token)
    except BadToken:
        abort(404)


@blueprint.get("/t/<token>/news")
def news(token: str) -> str:
    """What a mailbox asked for, and the buttons that confirm or end it. Looking changes nothing."""
    link = contacts.find(_id(token))
    return _page(link, token) if link else render_template("public/news.html", wish="", root="")


@blueprint.post("/t/<token>/news")
def unsubscribe(token: str) -> str:
    """End it, at once and without a question; twice is as good as once. Takes whatever a mail program sends."""
    link = contacts.lock(_id(token))
    if link is None:
        return render_template("public/news.html", wish="", root="", ended=True)
    # Found out now, while it is stored in which language, and of which words, it was asked for.
    contact = contacts.contact_of(link)
    _speak(link, contact, contacts.pending_of(link, most=1))
    partner = _partner(link, contact)
    contacts.stop(link, db.now())
    db.session.commit()
    return _page(link, token, partner, ended=True)


def _partner(link: ContactLink, contact: Contact | None) -> Partner | None:
    """The partner whose box was ticked, with the words that were read there; None for every other wish."""
    return partners.of_wish(link.wish, contact.partner_version if contact else None)


def _page(link: ContactLink, token: str, partner: Partner | None = None, *, ended: bool = False) -> str:
    at = db.now()
    contact, pending = contacts.contact_of(link), contacts.pending_of(link)
    partner = partner or _partner(link, contact)
    reading = None if link.campaign_id is None else guards.reading_of(link.campaign_id)
    if not ended:
        _speak(link, contact, pending)
    quiet, until = _quiet(link, at)
    return render_template(
        "public/news.html",
        wish="partner" if partner else link.wish,
        partner=partner,
        wording=context.wording_view(reading, g.page_language) if reading else None,
        again_href=_form(link, reading) if partner is None else None,
        responsible=_responsible(reading) if partner is None else _responsible_at(partner),
        root=urls.contact_page(token),
        contact=_standing(contact, partner) if contact else None,
        pending=[] if quiet else _waiting(link, contact, pending, at),
        quiet=quiet,
        quiet_until=until,
        notice=request.args.get("done"),
        ended=ended,
        switch=[] if ended else _switch(),
    )


def _speak(link: ContactLink, contact: Contact | None, pending: list[PendingContact]) -> None:
    """The language of the page: the one asked for, else in which it was asked for."""
    theirs = contact.language if contact else pending[0].language if pending else i18n.languages()[0]
    asked = request.args.get("language", "")
    language = asked if asked in i18n.languages() else theirs
    if link.campaign_id is None:
        language = i18n.interface(language)
    else:
        g.colour = guards.reading_of(link.campaign_id).colour
    g.language, g.page_language = i18n.interface(language), language


def _switch() -> list[tuple[str, str, str, bool]]:
    current = g.page_language
    return [(code, i18n.own_name(code), f"?language={code}", code == current) for code in i18n.languages()]


def _quiet(link: ContactLink, at: datetime) -> tuple[str | None, datetime | None]:
    """Whether this link has asked for no letters: then the page shows one thing, and until when."""
    until = links.suppression_by(link.id, at)
    if until is not None:
        return "site", until
    if link.quiet_until is not None and link.quiet_until > at:
        return "wish", link.quiet_until
    return None, None


def _form(link: ContactLink, reading: Reading | None) -> str | None:
    """Where the same can be asked for again; None where it cannot."""
    if reading is None:
        return (urls.join if link.wish == JOIN else urls.tell_me)(i18n.spoken())
    return None if reading.forgotten_at else urls.campaign_news(g.page_language, reading.slug)


def _responsible(reading: Reading | None) -> tuple[str, str]:
    if reading is None or reading.consent is None:
        return settings.current().responsible
    return reading.consent.responsible, reading.consent.responsible_address


def _responsible_at(partner: Partner) -> tuple[str, str]:
    return partner.terms.responsible, partner.terms.responsible_address


def _told(details: ContactDetails) -> list[tuple[str, str]]:
    """Everything that was typed, in plain words."""
    names = context.field_names()
    said = [
        (names["name"], details.name), (names["address"], details.address),
        (names["country"], countries.name(details.country, i18n.spoken()) if details.country else ""),
        (names["place"], details.place), (_("what you would like to do"), details.note),
    ]  # fmt: skip
    return [(name[:1].upper() + name[1:], value) for name, value in said if value]


def _standing(contact: Contact, partner: Partner | None) -> dict[str, object]:
    facts = [*_told(contacts.opened(contact)), (_("Language"), i18n.own_name(contact.language))]
    if partner is not None:
        ask, _says, _spoken = partner.asks(contact.language, g.page_language)
        facts.append((_("You ticked"), f"“{ask}”"))
    return {
        "facts": facts, "since": contact.confirmed_at, "by_signature": contact.proof == "signature",
        "until": contact.forgets_at,
    }  # fmt: skip


def _waiting(
    link: ContactLink, contact: Contact | None, pending: list[PendingContact], at: datetime
) -> list[dict[str, object]]:
    """What waits for a button, each of different details once; a letter's unsigned ?row= puts its own on top."""
    wanted = contacts.one_pending(link, guards.number(request.args.get("row", "")))
    different: dict[ContactDetails, PendingContact] = {}
    for one in [*([wanted] if wanted else []), *pending]:
        different.setdefault(contacts.opened(one), one)
    if contact:
        different.pop(contacts.opened(contact), None)
    return [
        {"row": str(one.id), "at": one.created_at, "facts": _told(details), "old": contacts.is_old(one, at)}
        for details, one in different.items()
    ]


def _verb(token: str) -> ContactLink | None:
    """The link of a token with its row locked; None where it is gone, and with it all there was to do."""
    return contacts.lock(_id(token))


def _back(token: str, done: str | None = None) -> BaseResponse:
    db.session.commit()
    return see_other(urls.contact_page(token) + (f"?done={done}" if done else ""))


@blueprint.post("/t/<token>/news/confirm")
def confirm(token: str) -> BaseResponse:
    """The button: puts the mailbox on the list. Twice, or from two tabs: the same friendly page."""
    link = _verb(token)
    pressed = contacts.press(link, guards.number(request.form.get("row", "")), db.now()) if link else ""
    return _back(token, "confirmed" if pressed == "confirmed" else None)


@blueprint.post("/t/<token>/news/fresh")
def fresh(token: str) -> BaseResponse:
    """A fresh letter for an old one, without typing anything again."""
    link = _verb(token)
    posted = link is not None and contacts.refresh(link, guards.number(request.form.get("row", "")), db.now())
    return _back(token, "fresh" if posted else None)


@blueprint.post("/t/<token>/news/not-me")
def not_me(token: str) -> BaseResponse:
    """ "This was not me": deletes what was typed, and no letters about it for a year."""
    link = _verb(token)
    if link is not None:
        contacts.disown(link, db.now())
    return _back(token)


@blueprint.post("/t/<token>/news/no-letters")
def no_letters(token: str) -> BaseResponse:
    """No letters from this site for a year, and what is stored here goes as with "this was not me"."""
    link = _verb(token)
    if link is not None:
        box = contacts.site_mailbox_of(link)
        contacts.disown(link, db.now())
        if box is not None:
            links.suppress(link, box, db.now())
    return _back(token)


@blueprint.post("/t/<token>/news/allow")
def allow(token: str) -> BaseResponse:
    """Letters again."""
    link = _verb(token)
    if link is not None:
        links.allow(link, db.now())
    return _back(token, "allowed")


@blueprint.get("/t/<token>/news/data.json")
def data(token: str) -> Response:
    """Everything stored, to take along."""
    link = contacts.find(_id(token))
    if link is None:
        abort(404)
    contact = contacts.contact_of(link)
    reading = None if link.campaign_id is None else guards.reading_of(link.campaign_id)
    about = _campaign_path(reading) if reading else "/"
    answer = jsonify(
        about=urls.absolute(about),
        wish="partner" if partners.of_wish(link.wish) else link.wish,
        partner=records.agreed(contact, reading.first_language) if contact and reading else None,
        contact=_record(contact) if contact else None,
        waiting_for_confirmation=[_record(one) for one in contacts.pending_of(link, most=1000)],
    )
    answer.headers["Content-Disposition"] = "attachment; filename=contact.json"
    return answer


def _campaign_path(reading: Reading) -> str:
    return urls.campaign(reading.first_language, reading.slug)


def _record(row: Contact | PendingContact) -> dict[str, object]:
    details = contacts.opened(row)
    record: dict[str, object] = {name: getattr(details, name) for name in ContactDetails.__slots__}
    record |= {"language": row.language, "consent_version": row.consent_version}
    if isinstance(row, PendingContact):
        return record | {"typed_at": row.created_at.isoformat()}
    until = row.forgets_at.isoformat() if row.forgets_at else None
    return record | {"proof": row.proof, "confirmed_at": row.confirmed_at.isoformat(), "kept_until": until}
