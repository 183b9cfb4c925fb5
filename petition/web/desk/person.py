"""One person at the desk: everything stored, what became of it, and what they ask for by post or telephone.

Each view of the page is one line in the journal. What is done is a line with how it was asked; neither names anybody.
"""

from typing import Any, ClassVar

from flask import Response, abort, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug import Response as BaseResponse
from wtforms import BooleanField, StringField
from wtforms.validators import StopValidation

from petition import affairs, signatures
from petition.affairs import Person
from petition.base import db, i18n, text
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.details import opened, shown
from petition.signatures import COUNTED, HELD, REMOVED, Signature
from petition.web import context, stored, typed
from petition.web.desk import filtering, looks, wall, words
from petition.web.desk.forms import LONGEST_REASON, DeskForm, ReasonForm
from petition.web.desk.wall import desk
from petition.web.forms import Cleaned, OwnForm

_ONE = f"/campaigns/<slug:slug>/signatures/<int(max={2**63 - 1}):signature>"
#: What may be decided, by where a signature stands.
VERBS = {COUNTED: ("hold", "remove"), HELD: ("release", "remove"), REMOVED: ("restore",)}


def ways() -> dict[str, str]:
    """How somebody may ask, as the journal says it."""
    return {
        "post": _("asked by post"), "telephone": _("asked by telephone"), "e-mail": _("asked by e-mail"),
        "in person": _("asked in person"),
    }  # fmt: skip


def _way(_form: Any, field: Any) -> None:
    if field.data not in ways():
        raise StopValidation(_("Choose how they asked."))


_note = Cleaned(text.line, LONGEST_REASON, lambda: "")


class Asked:
    """How somebody asked, and a note."""

    way: Any
    reason: Any

    def why(self) -> str:
        """What the journal says."""
        said = ways()[str(self.way.data)]
        return f"{said}: {self.reason.data}" if self.reason.data else said


class AskedForm(DeskForm, Asked):
    """Something done because its owner asked."""

    way = StringField(validators=[_way])
    reason = StringField(validators=[_note])
    contacts = BooleanField()


class CorrectForm(OwnForm, Asked):
    """What somebody corrects on their own page, typed by an organiser."""

    words: ClassVar[dict[str, tuple[typed.Check, ...]]] = OwnForm.words | {"way": (_way,), "reason": (_note,)}


def _person(campaign: Reading, number: int) -> Person:
    found = affairs.of_number(campaign.id, number)
    if found is None:
        abort(404)
    return found


@desk.get(_ONE, needs="see people")
def signature(campaign: Reading, signature: int) -> str:
    """All that is stored of one person in this campaign."""
    return _page(campaign, signature)


def _page(
    campaign: Reading, number: int, *, form: CorrectForm | None = None, export: AskedForm | None = None,
    erasing: AskedForm | None = None,
) -> str:  # fmt: skip
    person, at = _person(campaign, number), db.now()
    row, language = person.signature, i18n.spoken()
    shown_by = {
        "facts": _facts(campaign, row), "moves": _moves(row), "lines": _lines(campaign, person),
        "filters": _filters(campaign, row), "verbs": _verbs(campaign, row),
        "state": words.states()[row.state] if row else "", "is_erased": person.sealed is None,
        "pending": [(i18n.moment(one.created_at), _waits(signatures.button(campaign, one, at)))
                    for one in person.pending],
        "news": affairs.news_of(campaign.id, person.mailbox),
        "form": form or stored.correcting(campaign, row, language, CorrectForm),
    }  # fmt: skip
    looks.keep(campaign, "signature looked at", about=person.number)
    held, empty = wall.held(), AskedForm(formdata=None)
    return render_template(
        "desk/signature.html", campaign=campaign, title=campaign.wording(language).title, number_of=person.number,
        counts=row is not None and row.state == COUNTED, may_decide=held.may("decide", campaign.id),
        may_export=held.may("export", campaign.id), ways=list(ways().items()), export=export or empty,
        erasing=erasing or empty, reason=ReasonForm(formdata=None), done=request.args.get("done", ""),
        **shown_by, **context.country_lists(),
    )  # fmt: skip


def _facts(campaign: Reading, row: Signature | None) -> list[tuple[str, object]]:
    if row is None or row.sealed is None:
        return []
    details = opened(campaign.id, row.sealed)
    texts = stored.texts(campaign, stored.seen_by(row, ()), campaign.wording(i18n.spoken()).language)
    said: list[tuple[str, object]] = [*stored.listed(details, row, texts, words.details())]
    said += [
        (_("Confirmed on"), i18n.moment(row.entered_at)),
        (_("Terms agreed to"), _("version %(number)s", number=i18n.number(row.consent_version))),
        (_("Appears in public as"), ", ".join(part for part in shown(details, row) if part) or _("not at all")),
        (_("How it came"), words.channels().get(row.channel, row.channel)), (_("Partner site"), row.partner),
    ]  # fmt: skip
    return [(label, value) for label, value in said if value]


def _waits(state: str) -> str:
    said = {
        "ready": _("waits for its button"), "old": _("its button is old; a fresh letter can be had"),
        "late": _("can no longer be confirmed"), "paused": _("waits until the pause is over"),
    }  # fmt: skip
    return str(said[state])


def _moves(row: Signature | None) -> list[tuple[str, str]]:
    return [(i18n.moment(one.at), words.move(one.kind)) for one in affairs.moves_of(row)] if row else []


def _lines(campaign: Reading, person: Person) -> list[tuple[str, str, str, str]]:
    found = affairs.lines_about(campaign.id, person)
    return [(i18n.moment(one.at), one.actor, words.deed(one.deed), one.reason) for one in found]


def _filters(campaign: Reading, row: Signature | None) -> list[tuple[str, str]]:
    """Lists of others that have something in common with it: (path, words)."""
    if row is None:
        return []
    path = url_for("desk.signatures", slug=campaign.slug)
    found = [(filtering.path_of(path, [("domain", row.domain.hex())]), _("Everybody with the same e-mail domain"))]
    if row.network is not None:
        same = filtering.path_of(path, [("network", row.network.hex())])
        found.append((same, _("Everybody from the same network on that day")))
    return found


def _verbs(campaign: Reading, row: Signature | None) -> tuple[str, ...]:
    """What may be decided about it here."""
    may = wall.held().may("decide", campaign.id) and "desk.decide_one" in current_app.view_functions
    verbs = VERBS[row.state] if row and may else ()
    return tuple(verb for verb in verbs if row and (row.sealed is not None or verb == "remove"))


def _to(campaign: Reading, number: int, done: str) -> BaseResponse:
    db.session.commit()
    return redirect(url_for("desk.signature", slug=campaign.slug, signature=number, done=done), 303)


@desk.post(_ONE + "/correct", needs="decide")
def correct_signature(campaign: Reading, signature: int) -> BaseResponse | tuple[str, int]:
    """Correct what is stored, by the rules of the own page; a letter tells its owner."""
    row = _person(campaign, signature).signature
    if row is None or row.sealed is None:
        return _to(campaign, signature, "gone")
    form = CorrectForm()
    form.ask_again(campaign, i18n.spoken(), opened(campaign.id, row.sealed), row.country)
    if not form.validate():
        return _page(campaign, signature, form=form), 422
    details = stored.corrected(campaign, row.sealed, form)
    me = wall.me().called()
    done = affairs.correct(
        campaign, row.id, details, form.choices(row.language), actor=me, reason=form.why(), at=db.now()
    )
    return _to(campaign, signature, "corrected" if done else "gone")


@desk.post(_ONE + "/export", needs="export", fresh=True)
def hand_out_signature(campaign: Reading, signature: int) -> Response | tuple[str, int]:
    """Everything stored, as a file for its owner; in the journal before it leaves."""
    form = AskedForm()
    if not form.validate():
        return _page(campaign, signature, export=form), 422
    found = affairs.hand_over(campaign, signature, actor=wall.me().called(), reason=form.why())
    if found is None:
        abort(404)
    db.session.commit()
    answer = jsonify(found)
    answer.headers["Content-Disposition"] = "attachment; filename=signature.json"
    return answer


@desk.post(_ONE + "/erase", needs="decide", fresh=True)
def erase_signature(campaign: Reading, signature: int) -> BaseResponse | tuple[str, int]:
    """Erase it, which is the same as withdrawing."""
    form = AskedForm()
    if not form.validate():
        return _page(campaign, signature, erasing=form), 422
    done = affairs.erase(
        campaign, signature, contacts_too=bool(form.contacts.data), actor=wall.me().called(), reason=form.why(),
        at=db.now(),
    )  # fmt: skip
    if not done:
        abort(404)
    db.session.commit()
    return redirect(url_for("desk.signatures", slug=campaign.slug, done="erased"), 303)


@desk.post(_ONE + "/link", needs="decide")
def send_link(campaign: Reading, signature: int) -> BaseResponse:
    """Send the letter with their own page to the address stored."""
    if not affairs.send_link(campaign, signature, actor=wall.me().called()):
        abort(404)
    return _to(campaign, signature, "link")
