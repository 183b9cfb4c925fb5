"""The page behind the link of who asked for organisations: the button, what was decided, correct, withdraw.

The address is the secret, so its forms need no other token. Looking changes nothing; every verb locks the link's row
first.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, g, jsonify, make_response, render_template, request
from werkzeug import Response as BaseResponse

from petition import contacts, endorsements, links
from petition.base import db, i18n, tokens, urls
from petition.base.tokens import BadToken
from petition.contacts import ContactLink
from petition.endorsements import ENDORSE, OWN_PAGE, REFUSED, Endorsement
from petition.web import context, endorsing, guards
from petition.web.endorsing import EndorsedForm
from petition.web.onward import see_other
from petition.web.public.signing import or_hand_back

blueprint = Blueprint("endorsed", __name__)


@blueprint.before_request
def _only_our_forms() -> None:
    """What is not one of our forms is refused; a press without any body is one."""
    if request.method == "POST" and (request.mimetype or request.content_length):
        guards.form_body()


def _id(token: str) -> UUID:
    try:
        return tokens.read_link("endorse", token)
    except BadToken:
        abort(404)


def _of_wish(link: ContactLink | None) -> ContactLink:
    if link is None or link.wish != ENDORSE or link.campaign_id is None:
        abort(404)
    reading = guards.reading_of(link.campaign_id)
    g.colour = reading.colour
    return link


def _locked(token: str) -> ContactLink:
    return _of_wish(contacts.lock(_id(token)))


@blueprint.get("/t/<token>/endorsement")
def page(token: str) -> str:
    """One endorsement of this mailbox, the newest or the one a letter or link names, and the way to the others."""
    return _page(_of_wish(contacts.find(_id(token))), token)


def _page(link: ContactLink, token: str, form: EndorsedForm | None = None) -> str:
    rows, at = endorsements.of_link(link), db.now()
    wanted = guards.number(request.values.get("row", ""))
    row = next((one for one in rows if one.id == wanted), rows[0] if rows else None)
    reading = guards.reading_of(link.campaign_id or 0)
    _speak(row)
    suppressed = links.suppression_by(link.id, at)
    quiet = link.quiet_until if link.quiet_until is not None and link.quiet_until > at else None
    return render_template(
        "public/endorsed.html",
        row=row,
        facts=endorsing.told(row) if row else [],
        others=[one for one in rows if row is not None and one.id != row.id],
        form=form or _correcting(row),
        levels=endorsing.levels(),
        shown_href=urls.endorsements(g.page_language, reading.slug),
        again_href=urls.endorse(g.page_language, reading.slug),
        wording=context.wording_view(reading, g.page_language),
        consent=context.consent_view(reading),
        root=urls.endorsement_page(token),
        quiet="site" if suppressed else "campaign" if quiet else None,
        quiet_until=suppressed or quiet,
        notice=request.args.get("done"),
        switch=_switch(row),
        **context.country_lists(),
    )


def _speak(row: Endorsement | None) -> None:
    """The language of the page: the one asked for, else in which it was asked for."""
    asked = request.args.get("language", "")
    language = asked if asked in i18n.languages() else row.language if row else i18n.languages()[0]
    g.language, g.page_language = i18n.interface(language), language


def _switch(row: Endorsement | None) -> list[tuple[str, str, str, bool]]:
    which = f"&row={row.id}" if row else ""
    return [
        (code, i18n.own_name(code), f"?language={code}{which}", code == g.page_language) for code in i18n.languages()
    ]


def _correcting(row: Endorsement | None) -> EndorsedForm | None:
    return EndorsedForm(formdata=None, data=endorsing.filled(row)) if row and row.state != REFUSED else None


def _row() -> int:
    return guards.number(request.form.get("row", ""))


def _back(token: str, done: str = "", row: int = 0) -> BaseResponse:
    db.session.commit()
    query = "&".join(part for part in (f"row={row}" if row else "", f"done={done}" if done else "") if part)
    return see_other(urls.endorsement_page(token) + (f"?{query}" if query else ""))


@blueprint.post("/t/<token>/endorsement/confirm")
def confirm(token: str) -> BaseResponse:
    """The button. Twice, or from two tabs: the same friendly page."""
    link, row = _locked(token), _row()
    done = endorsements.confirm(link, row, db.now())
    return _back(token, "confirmed" if done else "", row)


@blueprint.post("/t/<token>/endorsement/correct")
def correct(token: str) -> BaseResponse:
    """Change what was typed, but for the address; what was shown waits for an organiser again."""
    return or_hand_back(lambda: _correct(token))


def _correct(token: str) -> BaseResponse:
    link = _locked(token)
    row = endorsements.one_of_link(link, _row())
    if row is None:
        return _back(token)
    _speak(row)
    form = EndorsedForm()
    if not form.validate():
        db.session.rollback()
        return make_response(_page(link, token, form), 422)
    endorsement_id = row.id
    done = endorsements.correct_own(row, form.said(), form.person(), bool(form.show_name.data))
    return _back(token, "corrected" if done else "", endorsement_id)


@blueprint.post("/t/<token>/endorsement/withdraw")
def withdraw(token: str) -> BaseResponse:
    """Take one back: it is shown no longer, and what is stored of it is deleted."""
    row = endorsements.one_of_link(_locked(token), _row())
    if row is not None:
        endorsements.withdraw(row, OWN_PAGE)
    return _back(token, "withdrawn" if row is not None else "")


@blueprint.post("/t/<token>/endorsement/not-me")
def not_me(token: str) -> BaseResponse:
    """ "This was not me": deletes everything asked for with this mailbox, and no letters about it for a year."""
    endorsements.disown(_locked(token), db.now())
    return _back(token)


@blueprint.post("/t/<token>/endorsement/no-letters")
def no_letters(token: str) -> BaseResponse:
    """No letters from this site for a year, and what is stored here goes as with "this was not me"."""
    link = _locked(token)
    box = endorsements.site_mailbox_of(link)
    endorsements.disown(link, db.now())
    if box is not None:
        links.suppress(link, box, db.now())
    return _back(token)


@blueprint.post("/t/<token>/endorsement/allow")
def allow(token: str) -> BaseResponse:
    """Letters again."""
    links.allow(_locked(token), db.now())
    return _back(token, "allowed")


@blueprint.get("/t/<token>/endorsement/data.json")
def data(token: str) -> Response:
    """Everything stored, to take along."""
    link = _of_wish(contacts.find(_id(token)))
    reading = guards.reading_of(link.campaign_id or 0)
    answer = jsonify(
        about=urls.absolute(urls.campaign(reading.first_language, reading.slug)),
        endorsements=[_record(row) for row in endorsements.of_link(link, most=1000)],
    )
    answer.headers["Content-Disposition"] = "attachment; filename=endorsements.json"
    return answer


def _record(row: Endorsement) -> dict[str, object]:
    said, person = endorsements.said_of(row), endorsements.person_of(row)
    record: dict[str, object] = {name: getattr(said, name) for name in said.__slots__}
    record["decided_on"] = said.decided_on.isoformat() if said.decided_on else None
    record |= {name: getattr(person, name) for name in person.__slots__}
    return record | {
        "state": row.state, "show_name": row.show_name, "language": row.language,
        "consent_version": row.consent_version, "typed_at": row.created_at.isoformat(),
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
    }  # fmt: skip
