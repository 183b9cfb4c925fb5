"""A new campaign: one short form, and whoever sends it is its owner."""

from dataclasses import replace
from typing import Any

from flask import redirect, render_template, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug import Response

from petition import campaigns, drafts, teams
from petition.base import db, i18n, settings
from petition.base.i18n import gettext as _
from petition.campaigns import HANDABLE, Consent, Reading
from petition.drafts import Draft
from petition.pieces import SlugRefused
from petition.web.desk import editing, preview, wall
from petition.web.desk.appeal_forms import asks_for, hand_field, new_form, suggested_slug
from petition.web.desk.wall import desk

#: What a new campaign's form begins with.
MONTHS, GROUND, HANDED = "12", "consent", ("name", "country")


@desk.get("/campaigns/new", needs="start campaigns")
def new_campaign() -> str:
    """The form of a new campaign."""
    form, (who, address) = new_form(formdata=None), settings.current().responsible
    given = {"responsible": who, "responsible_address": address, "months": MONTHS, "ground": GROUND,
             "language": i18n.spoken(), **{hand_field(name): "y" for name in HANDED}}  # fmt: skip
    for name, value in given.items():
        form[name].data = value
    return _page(form)


def _page(form: Any) -> str:
    return render_template("desk/new_campaign.html", form=form, handable=HANDABLE, languages=i18n.known())


@desk.post("/campaigns/new", needs="start campaigns")
def start_campaign() -> Response | str | tuple[str, int]:
    """Make it, or show how it would look."""
    form = new_form()
    if editing.wants("edit"):
        return _page(form)
    if not form.validate() or not _find_slug(form):
        return _page(form), 422
    draft = _draft(form)
    if editing.wants("preview"):
        return preview.shown(_reading(draft), draft.first_language, keeps=True)
    try:
        made = drafts.make(draft, wall.me().called())
        teams.grant(wall.me(), teams.OWNER, made.id, wall.me().called())
        db.session.commit()
    except (SlugRefused, IntegrityError):
        # Somebody was a moment faster.
        db.session.rollback()
        editing.complain(form, "slug", _taken())
        return _page(form), 422
    return redirect(url_for("desk.overview", slug=draft.slug, done="made"), 303)


def _find_slug(form: Any) -> bool:
    """An address that nothing has: the one typed, else one made from the title."""
    if form.slug.data:
        if campaigns.read(form.slug.data) is None and form.slug.data != "new":
            return True
        editing.complain(form, "slug", _taken())
        return False
    wanted = suggested_slug(form.title.data)
    found = (slug for slug in (wanted, *(f"{wanted}-{n}" for n in range(2, 100))) if slug != "new")
    form.slug.data = next((slug for slug in found if campaigns.read(slug) is None), "")
    return bool(form.slug.data)


def _taken() -> str:
    return str(_("Another campaign has this address, or had it. Choose another one."))


def _draft(form: Any) -> Draft:
    language, handed = form.language.data, form.ticked(HANDABLE) or ["name"]
    terms = form.terms({language: form.handed_to.data or form.addressee.data}, handed)
    return Draft(
        slug=form.slug.data, first_language=language, texts={language: form.text()}, terms=terms,
        asks=asks_for(handed),
    )  # fmt: skip


def _reading(draft: Draft) -> Reading:
    """The campaign as it would be."""
    language, terms = draft.first_language, draft.terms
    consent = Consent(
        campaign_id=0, version=1, responsible=terms.responsible, responsible_address=terms.responsible_address,
        handed_to=terms.handed_to, fields=terms.fields, months=terms.months, ground=terms.ground, created_at=db.now(),
    )  # fmt: skip
    blank = Reading(
        0, draft.slug, language, draft.colour, (), draft.time_zone, None, None, None, None, None, draft.asks, {}, (),
        {}, consent, None,
    )  # fmt: skip
    return replace(blank, wordings={language: drafts.worded(0, language, 1, draft.texts[language])})
