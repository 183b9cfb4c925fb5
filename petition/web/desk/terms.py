"""What signers agree to (S48), in versions: who is responsible, to whom what goes, for how long, on what ground."""

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from petition import drafts
from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.campaigns import ASKABLE, HANDABLE, Consent, Reading
from petition.drafts import NotReady
from petition.web.desk import editing, wall, words
from petition.web.desk.appeal_forms import ResponsibleForm, hand_field, terms_form, terms_values, to_field
from petition.web.desk.editing import Crossing
from petition.web.desk.wall import desk


def asked_details(reading: Reading) -> tuple[str, ...]:
    """What the form asks, and so can be handed over."""
    own = tuple(one.name for one in reading.fields)
    return (*(name for name in HANDABLE if name not in ASKABLE or name in reading.asks), *own)


def _languages(reading: Reading) -> list[str]:
    """The languages in which it is said to whom: the first one first."""
    others = sorted(reading.wordings.keys() - {reading.first_language})
    return [reading.first_language, *others]


@desk.get("/campaigns/<slug:slug>/terms", needs="run campaign")
def campaign_terms(campaign: Reading) -> str:
    """The terms, and what became of them."""
    names, languages = asked_details(campaign), _languages(campaign)
    form = terms_form(names, languages, formdata=None)
    form.begin(terms_values(campaign.consent, names, languages))
    return _page(campaign, form)


def _page(campaign: Reading, form: ResponsibleForm, crossed: Crossing | None = None, problem: str = "") -> str:
    own = {one.name: one.label for one in campaign.questions(i18n.spoken())}
    names, languages = asked_details(campaign), _languages(campaign)
    labels = {hand_field(name): (words.details() | own)[name] for name in names}
    labels |= {to_field(code): str(_("To whom: %(language)s", language=i18n.own_name(code))) for code in languages}
    return render_template(
        "desk/terms.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, form=form, crossed=crossed,
        problem=problem, ticks=[hand_field(name) for name in names], languages=languages, labels=labels,
        own_names={code: i18n.own_name(code) for code in languages}, versions=_history(campaign, labels),
        done=request.args.get("done", ""),
    )  # fmt: skip


def _history(campaign: Reading, labels: dict[str, str]) -> list[tuple[Consent, list[str]]]:
    """Every version, the newest first, with what changed since the one before."""
    found = drafts.terms_versions(campaign.id)
    return [(one, _changes(before, one, labels)) for before, one in zip([None, *found], found, strict=False)][::-1]


def _changes(before: Consent | None, after: Consent, labels: dict[str, str]) -> list[str]:
    if before is None:
        return []
    spoken = {
        "responsible": _("Who is responsible"), "responsible_address": _("How to write to them"),
        "handed_to": _("To whom the list is handed"), "fields": _("Which details are handed over"),
        "months": _("How long details are kept"), "ground": _("On what legal ground"),
    }  # fmt: skip
    found = [(what, getattr(before, name), getattr(after, name)) for name, what in spoken.items()]
    return [
        str(_("%(what)s: was %(before)s, is %(after)s", what=what, before=_said(old, labels), after=_said(new, labels)))
        for what, old, new in found
        if old != new
    ]


def _said(value: object, labels: dict[str, str]) -> str:
    if isinstance(value, dict):
        return i18n.listed([f"{one} ({code})" for code, one in sorted(value.items())]) if value else "–"
    if isinstance(value, list):
        return i18n.listed([labels.get(hand_field(one)) or str(one) for one in value]) if value else "–"
    return f"“{value}”"


@desk.post("/campaigns/<slug:slug>/terms", needs="run campaign")
def save_terms(campaign: Reading) -> Response | tuple[str, int]:
    """Save the terms as a new version."""
    names, languages = asked_details(campaign), _languages(campaign)
    form = terms_form(names, languages)
    valid = form.validate()
    if valid and not form.ticked(names):
        valid = False
        editing.complain(form, hand_field("name"), str(_("Tick at least one detail: without any there is no list.")))
    if not valid:
        return _page(campaign, form), 422
    row, now = editing.locked(campaign)
    crossed = editing.crossing(form, terms_values(now.consent, names, languages), campaign.id)
    if crossed:
        return _page(now, form, crossed), 409
    kept = {code: one for code, one in (now.consent.handed_to if now.consent else {}).items() if code not in languages}
    terms = form.terms(kept | {code: form[to_field(code)].data for code in languages}, form.ticked(names))
    try:
        drafts.refuse_forgotten(row)
        changed = drafts.agree(row, terms, wall.me().called())
    except NotReady:
        return _page(now, form, problem=editing.forgotten()), 422
    except drafts.NotAsked:
        # Somebody changed what the form asks at this very moment.
        db.session.rollback()
        return _page(now, form, problem=str(_("The form no longer asks for all of this. Look at it once more."))), 422
    db.session.commit()
    return redirect(url_for("desk.campaign_terms", slug=campaign.slug, done="saved" if changed else "same"), 303)
