"""The first signatories of a campaign: found among those who chose to be shown, put in order by hand."""

import re
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug import Response
from wtforms import StringField

from petition import journal, signatories, signatures
from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.campaigns import Reading
from petition.signatories import MOST_FIRST, NotFirst, Signatory
from petition.web import guards
from petition.web.desk import editing, wall
from petition.web.desk.editing import Crossing, EditForm
from petition.web.desk.forms import DeskForm
from petition.web.desk.wall import desk
from petition.web.forms import MailboxField, checked_address

FOUND = 20


class AddressForm(DeskForm):
    """Whose signature is looked for."""

    email = MailboxField(validators=[checked_address])


def _order_form(first: list[Signatory], **more: Any) -> EditForm:
    """A place for each of them; an empty one takes somebody off the top."""
    made = {f"place-{one.id}": StringField() for one in first}
    form: EditForm = type("OrderForm", (EditForm,), made)(**more)
    return form


def _order_values(first: list[Signatory]) -> dict[str, str]:
    return {f"place-{one.id}": str(place) for place, one in enumerate(first, 1)}


@desk.get("/campaigns/<slug:slug>/first", needs="see people")
def campaign_first(campaign: Reading) -> str:
    """Who stands on top, and whom else one could put there."""
    return _page(campaign)


def _page(
    campaign: Reading, form: EditForm | None = None, *, crossed: Crossing | None = None, problem: str = "",
    address: AddressForm | None = None,
) -> str:  # fmt: skip
    first = signatories.first(campaign.id)
    if form is None:
        form = _order_form(first, formdata=None)
        form.begin(_order_values(first))
    said = request.args.get("q", "")[:120].strip()
    found = signatories.search(campaign.id, said, FOUND) if said else signatories.newest(campaign.id, FOUND)
    return render_template(
        "desk/first.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, first=first, form=form,
        crossed=crossed, problem=problem, address=address or AddressForm(formdata=None), said=said,
        found=[one for one in found if one.first is None], may=wall.held().may("decide", campaign.id), most=MOST_FIRST,
        names={f"place-{one.id}": one.name for one in first}, done=request.args.get("done", ""),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/first", needs="decide")
def order_first(campaign: Reading) -> Response | tuple[str, int]:
    """Put them in this order; without a place, off the top."""
    editing.locked(campaign)
    first = signatories.first(campaign.id)
    form = _order_form(first)
    form.validate()
    crossed = editing.crossing(form, _order_values(first), campaign.id)
    if crossed:
        return _page(campaign, form, crossed=crossed), 409
    placed = [(int(said), place, one.id) for place, one in enumerate(first) if (said := _place(form, one))]
    return _store(campaign, [one for _said, _before, one in sorted(placed)])


def _place(form: EditForm, one: Signatory) -> str:
    said = (form[f"place-{one.id}"].data or "").strip()
    return said if re.fullmatch("[1-9][0-9]{0,2}", said) else ""


def _store(campaign: Reading, ids: list[int]) -> Response | tuple[str, int]:
    try:
        signatories.put_in_order(campaign.id, ids, actor=wall.me().called())
    except NotFirst:
        db.session.rollback()
        return _page(campaign, problem=_no_longer()), 422
    db.session.commit()
    return redirect(url_for("desk.campaign_first", slug=campaign.slug, done="saved"), 303)


def _no_longer() -> str:
    return str(_("This person does not count, or has not chosen to be shown. Nobody else can be put on top."))


@desk.post("/campaigns/<slug:slug>/first/add", needs="decide")
def add_first(campaign: Reading) -> Response | tuple[str, int]:
    """Put somebody shown behind those who stand on top."""
    editing.locked(campaign)
    signature_id = guards.number(request.form.get("signature", ""))
    return _add(campaign, signature_id)


def _add(campaign: Reading, signature_id: int) -> Response | tuple[str, int]:
    ids = [one.id for one in signatories.first(campaign.id) if one.id != signature_id]
    if len(ids) >= MOST_FIRST:
        return _page(campaign, problem=str(_("At most %(most)s can stand on top.", most=MOST_FIRST))), 422
    return _store(campaign, [*ids, signature_id])


@desk.post("/campaigns/<slug:slug>/first/find", needs="decide")
def find_first(campaign: Reading) -> Response | tuple[str, int]:
    """Put the signature of an address there. The look is kept in the journal, found or not."""
    form = AddressForm()
    if not form.validate():
        return _page(campaign, address=form), 422
    if campaign.sealed_key is None:
        return _page(campaign, problem=editing.forgotten()), 422
    editing.locked(campaign)
    found = signatories.by_mailbox(campaign.id, signatures.mailbox_key(campaign, form.email.mailbox.folded))
    me = wall.me().called()
    journal.write(me, "signature looked up", campaign_id=campaign.id, about=found, count=1 if found else 0)
    db.session.commit()
    if found is None:
        editing.complain(form, "email", str(_("Nobody who counts and chose to be shown has signed with this address.")))
        return _page(campaign, address=form), 422
    editing.locked(campaign)
    return _add(campaign, found)
