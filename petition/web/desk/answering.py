"""Objections: what people say whose signature was held or removed, and the answer they are owed (S26)."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import decisions, journal, links, objections
from petition.base import countries, db, i18n, text
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.details import opened
from petition.objections import KEEP, Objection
from petition.signatures import COUNTED, HELD, REMOVED, Signature
from petition.web import guards
from petition.web.desk import said, wall
from petition.web.desk.deciding import LARGEST_KEY, about
from petition.web.desk.forms import DeskForm, reason_field
from petition.web.desk.wall import desk
from petition.web.forms import Cleaned

PAGE = 30
_ONE = f"/campaigns/<slug:slug>/objections/<int(max={LARGEST_KEY}):objection>"
#: What may be answered in each state.
_ANSWERS = {HELD: ("release", "remove", KEEP), REMOVED: ("restore", KEEP), COUNTED: (KEEP,)}


class AnswerForm(DeskForm):
    """What is decided, what the person reads, and a line for the journal."""

    requires = frozenset({"reason"})
    answers: tuple[str, ...] = ()
    verb = StringField()
    words = StringField(validators=[Cleaned(text.paragraphs, objections.LONGEST, lambda: "")])
    reason = reason_field()

    def validate_verb(self, field: Any) -> None:
        """One that the state allows."""
        if field.data not in self.answers:
            raise StopValidation(_("Choose what is to be done."))


@desk.get("/campaigns/<slug:slug>/objections", needs="decide")
def objections_page(campaign: Reading) -> str:
    """Those that wait for an answer, the oldest first; nobody is named here."""
    found = objections.waiting(campaign.id, PAGE + 1, guards.number(request.args.get("after", "")))
    rows = [(one, db.session.get(Signature, one.signature_id)) for one in found[:PAGE]]
    return render_template(
        "desk/objections.html", rows=[(one, signature.state) for one, signature in rows if signature],
        more=found[PAGE - 1].id if len(found) > PAGE else None, states=said.states(), **about(campaign),
    )  # fmt: skip


def _found(campaign: Reading, objection: int) -> tuple[Objection, Signature]:
    row = objections.find(campaign.id, objection)
    signature = db.session.get(Signature, row.signature_id, populate_existing=True) if row else None
    if row is None or signature is None:
        abort(404)
    return row, signature


@desk.get(_ONE, needs="see people")
def objection(campaign: Reading, objection: int) -> str:
    """One, with the words and the person; the look is in the journal (S41)."""
    row, signature = _found(campaign, objection)
    journal.write(wall.me().called(), "objection read", campaign_id=campaign.id, about=signature.id)
    db.session.commit()
    return _page(campaign, row, signature, AnswerForm(formdata=None))


def _page(campaign: Reading, row: Objection, signature: Signature, form: AnswerForm) -> str:
    return render_template(
        "desk/objection.html", row=row, said=objections.said(row), signature=signature, form=form,
        answers=_ANSWERS[signature.state] if held_may_decide(campaign) else (), states=said.states(),
        facts=_facts(signature), **about(campaign),
    )  # fmt: skip


def held_may_decide(campaign: Reading) -> bool:
    """Whether whoever looks may decide, too."""
    return wall.held().may("decide", campaign.id)


def _facts(signature: Signature) -> list[tuple[str, str]]:
    details = opened(signature.campaign_id, signature.sealed) if signature.sealed else None
    country = countries.name(signature.country, i18n.spoken()) if signature.country else ""
    found = [
        (_("State"), said.states()[signature.state]), (_("Name"), details.name if details else ""),
        (_("E-mail address"), details.address if details else ""), (_("Country"), country),
        (_("Signed"), i18n.moment(signature.signed_at)), (_("Confirmed"), i18n.moment(signature.entered_at)),
    ]  # fmt: skip
    return [(label, value) for label, value in found if value]


@desk.post(_ONE, needs="decide")
def answer_objection(campaign: Reading, objection: int) -> Response | tuple[str, int]:
    """Decide, and answer by letter; both or neither."""
    row, signature = _found(campaign, objection)
    if not wall.held().may("see people", campaign.id):
        abort(403)
    links.take(campaign.id, signature.mailbox)
    row, signature = _found(campaign, objection)
    form = AnswerForm()
    form.answers = _ANSWERS[signature.state]
    if not form.validate():
        return _page(campaign, row, signature, form), 422
    verb, reason, at = form.verb.data or "", form.reason.data or "", db.now()
    actor = wall.me().called()
    if verb != KEEP:
        decisions.decide(signature.id, verb, actor=actor, reason=reason, at=at)
    answered = objections.answer(
        row, verb, form.words.data or "", mailbox=signature.mailbox, language=signature.language, actor=actor,
        reason=reason, at=at,
    )  # fmt: skip
    if not answered:
        db.session.rollback()
        return redirect(url_for("desk.objections_page", slug=campaign.slug, done="before"), 303)
    db.session.commit()
    return redirect(url_for("desk.objections_page", slug=campaign.slug, done="answered"), 303)
