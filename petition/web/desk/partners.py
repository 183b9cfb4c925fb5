"""The partners of a campaign, for its organisers: list, add, change, switch off and on."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug import Response

from petition import drafts, partners, register
from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.drafts import NotReady
from petition.partners import Reading as Partner
from petition.partners import Taken
from petition.web.desk import editing, wall
from petition.web.desk.editing import Crossing
from petition.web.desk.forms import ReasonForm
from petition.web.desk.partner_forms import NewPartnerForm, PartnerForm, labels, languages, partner_form, values
from petition.web.desk.wall import desk
from petition.web.looks import Look
from petition.web.public.embedding import snippets


@desk.get("/campaigns/<slug:slug>/partners", needs="run campaign")
def campaign_partners(campaign: Reading) -> str:
    """All of them, with how many signed there."""
    return render_template(
        "desk/partners.html", campaign=campaign, title=_title(campaign), rows=partners.of_campaign(campaign.id),
        signatures=register.breakdown(campaign.id, "partner"), done=request.args.get("done", ""),
    )  # fmt: skip


def _title(campaign: Reading) -> str:
    return campaign.wording(i18n.spoken()).title


@desk.get("/campaigns/<slug:slug>/partners/new", needs="run campaign")
def new_partner(campaign: Reading) -> str:
    """An empty form."""
    return _new_page(campaign, partner_form(NewPartnerForm, languages(campaign), formdata=None))


def _new_page(campaign: Reading, form: Any, problem: str = "") -> str:
    codes = languages(campaign)
    return render_template(
        "desk/new_partner.html", campaign=campaign, title=_title(campaign), form=form, problem=problem, codes=codes,
        labels=labels(codes),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/partners/new", needs="run campaign")
def make_partner(campaign: Reading) -> Response | tuple[str, int]:
    """Add one."""
    form = partner_form(NewPartnerForm, languages(campaign))
    if not form.validate():
        return _new_page(campaign, form), 422
    row, _now = editing.locked(campaign)
    try:
        drafts.refuse_forgotten(row)
        partners.make(row, form.key.data, form.draft(), wall.me().called(), db.now())
    except NotReady:
        return _new_page(campaign, form, editing.forgotten()), 422
    except Taken:
        editing.complain(form, "key", str(_("A partner of this campaign has this key already.")))
        return _new_page(campaign, form), 422
    db.session.commit()
    return redirect(url_for("desk.campaign_partner", slug=campaign.slug, partner=form.key.data, done="made"), 303)


def known(campaign: Reading, key: str) -> Partner:
    """A partner of a campaign, or 404."""
    found = partners.read(campaign.id, key)
    if found is None:
        abort(404)
    return found


@desk.get("/campaigns/<slug:slug>/partners/<slug:partner>", needs="run campaign")
def campaign_partner(campaign: Reading, partner: str) -> str:
    """One of them: its form, what it pastes into its pages, and its switch."""
    found = known(campaign, partner)
    form = partner_form(PartnerForm, languages(campaign), formdata=None)
    form.begin(values(found, languages(campaign)))
    return _page(campaign, found, form)


def _page(
    campaign: Reading, partner: Partner, form: Any, crossed: Crossing | None = None, problem: str = "",
    out: ReasonForm | None = None,
) -> str:  # fmt: skip
    codes = languages(campaign)
    spoken = i18n.spoken()
    language = spoken if spoken in campaign.wordings else campaign.first_language
    return render_template(
        "desk/partner.html", campaign=campaign, title=_title(campaign), partner=partner, form=form, crossed=crossed,
        problem=problem, codes=codes, labels=labels(codes), out=out or ReasonForm(formdata=None),
        signatures=register.breakdown(campaign.id, "partner").get(partner.key, 0),
        snippets=snippets(campaign, language, Look(partner=partner.key)), done=request.args.get("done", ""),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/partners/<slug:partner>", needs="run campaign")
def change_partner(campaign: Reading, partner: str) -> Response | tuple[str, int]:
    """Save what is said of it; its words at the box become a new version where they are others."""
    found, codes = known(campaign, partner), languages(campaign)
    form = partner_form(PartnerForm, codes)
    if not form.validate():
        return _page(campaign, found, form), 422
    # In this order: whoever edits a campaign holds its row before any of its partners'.
    row, now = editing.locked(campaign)
    partner_row = partners.locked(found.id)
    found = known(campaign, partner)
    crossed = editing.crossing(form, values(found, codes), campaign.id)
    if crossed:
        return _page(now, found, form, crossed), 409
    try:
        drafts.refuse_forgotten(row)
    except NotReady:
        return _page(now, found, form, problem=editing.forgotten()), 422
    changed = partners.change(partner_row, form.draft(), wall.me().called(), db.now())
    db.session.commit()
    done = "saved" if changed else "same"
    return redirect(url_for("desk.campaign_partner", slug=campaign.slug, partner=partner, done=done), 303)


@desk.post("/campaigns/<slug:slug>/partners/<slug:partner>/switch", needs="run campaign")
def switch_partner(campaign: Reading, partner: str) -> Response | tuple[str, int]:
    """Off, or on again; the campaign goes on as it is (S63)."""
    found = known(campaign, partner)
    out = ReasonForm()
    if not out.validate():
        form = partner_form(PartnerForm, languages(campaign), formdata=None)
        form.begin(values(found, languages(campaign)))
        return _page(campaign, found, form, out=out), 422
    on = request.form.get("to") == "on"
    partners.switch(
        partners.locked(found.id), on=on, actor=wall.me().called(), reason=out.reason.data or "", at=db.now()
    )
    db.session.commit()
    done = "on" if on else "off"
    return redirect(url_for("desk.campaign_partner", slug=campaign.slug, partner=partner, done=done), 303)
