"""The list of signatures: a filter in the address, pages of it, how many there are; one person by their address.

A look is one view of a page: one line in the journal, with the filter and how many were shown.
"""

from dataclasses import dataclass

import orjson
from flask import current_app, redirect, render_template, request, url_for
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import affairs, journal, listing
from petition.base import countries, crypto, db, i18n, mailbox
from petition.base.i18n import gettext as _
from petition.base.mailbox import MailboxRefused
from petition.campaigns import Reading
from petition.details import opened
from petition.selection import Filter
from petition.signatures import Signature, mailbox_key
from petition.web.desk import editing, filtering, looks, wall, words
from petition.web.desk.forms import DeskForm
from petition.web.desk.wall import desk
from petition.web.forms import MailboxField, checked_address

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One signature as lists show it: as little as tells people apart. Never the address."""

    number: int
    name: str
    place: str
    country: str
    day: str
    state: str
    source: str


class AddressForm(DeskForm):
    """Whom to find, by the address they signed with."""

    email = MailboxField(validators=[checked_address])


class DomainForm(DeskForm):
    """What stands behind the @ of the addresses to look for."""

    domain = StringField()
    #: As it is compared.
    found = ""

    def validate_domain(self, field: StringField) -> None:
        """A domain that an address can have."""
        field.data = (field.data or "").strip().removeprefix("@")
        try:
            self.found = mailbox.parse("x@" + field.data).domain
        except MailboxRefused:
            raise StopValidation(_("Type what stands behind the @, such as example.org.")) from None


def rows_of(campaign: Reading, found: list[Signature]) -> list[Row]:
    """Signatures as lists show them."""
    return [_row(campaign, one) for one in found]


def _row(campaign: Reading, one: Signature) -> Row:
    details = opened(campaign.id, one.sealed) if one.sealed else None
    country = countries.name(one.country, i18n.spoken()) if one.country else ""
    return Row(
        one.id, details.name if details else "", details.place if details else "", country, i18n.day(one.day),
        words.states()[one.state], one.source,
    )  # fmt: skip


@desk.get("/campaigns/<slug:slug>/signatures", needs="see people")
def signatures(campaign: Reading) -> str:
    """A page of those that the address asks for, the newest first."""
    return _page(campaign)


def _page(campaign: Reading, *, address: AddressForm | None = None, domain: DomainForm | None = None) -> str:
    wanted = filtering.asked(request.args)
    # A form that is handed back shows nobody, and is no look.
    shows = campaign.forgotten_at is None and not (address or domain)
    older, newer = (listing.place_of(request.args.get(name, "")) for name in ("older", "newer"))
    page = listing.page(campaign.id, wanted, PAGE, older=older, newer=newer) if shows else None
    rows = rows_of(campaign, list(page.rows)) if page else []
    shown: dict[str, object] = {
        "count": listing.count(campaign.id, wanted) if shows else None, "filter": filtering.fields(campaign, wanted),
    }  # fmt: skip
    if rows:
        looks.keep(campaign, "signatures looked at", count=len(rows), reason=_said(wanted))
    return render_template(
        "desk/signatures.html", campaign=campaign, title=campaign.wording(i18n.spoken()).title, rows=rows,
        older=filtering.query(wanted, older=str(page.older)) if page and page.older else "",
        newer=filtering.query(wanted, newer=str(page.newer)) if page and page.newer else "",
        query=filtering.query(wanted), address=address or AddressForm(formdata=None),
        domain=domain or DomainForm(formdata=None), ways=_ways(campaign, wanted), shows=shows,
        done=request.args.get("done", ""), **shown,
    )  # fmt: skip


def _said(wanted: Filter) -> str:
    """The filter for the journal; "" for one that asks for nothing."""
    facts = wanted.facts()
    return orjson.dumps({"filter": facts}).decode() if facts else ""


def _ways(campaign: Reading, wanted: Filter) -> list[tuple[str, str]]:
    """What can be done with all of these: (path, words)."""
    root, query = f"/desk/campaigns/{campaign.slug}", filtering.query(wanted)
    offered = [
        ("desk.decide", "decide", f"{root}/decide{query}", _("Decide about these")),
        ("desk.new_export", "export", f"{root}/exports/new{query}", _("Take these out")),
    ]  # fmt: skip
    held = wall.held()
    there = current_app.view_functions
    return [(path, said) for end, right, path, said in offered if end in there and held.may(right, campaign.id)]


@desk.post("/campaigns/<slug:slug>/signatures/domain", needs="see people")
def find_domain(campaign: Reading) -> Response | tuple[str, int]:
    """The same list, of one e-mail domain alone: its keyed hash stands in the address, never its name."""
    form = DomainForm()
    if not form.validate():
        return _page(campaign, domain=form), 422
    if campaign.sealed_key is None:
        return _to_list(campaign)
    key = crypto.keyed_hash(campaign.hash_key(), "domain", form.found)
    kept = [(name, value) for name, value in filtering.pairs(filtering.asked(request.args)) if name != "domain"]
    return redirect(filtering.path_of(_list(campaign), [*kept, ("domain", key.hex())]), 303)


def _list(campaign: Reading) -> str:
    return url_for("desk.signatures", slug=campaign.slug)


def _to_list(campaign: Reading) -> Response:
    return redirect(_list(campaign), 303)


@desk.post("/campaigns/<slug:slug>/signatures/find", needs="see people")
def find_signature(campaign: Reading) -> Response | tuple[str, int]:
    """The page of whoever signed, or only typed, with an address. The look is kept in the journal, found or not."""
    form = AddressForm()
    if not form.validate():
        return _page(campaign, address=form), 422
    if campaign.sealed_key is None:
        return _to_list(campaign)
    found = affairs.of_mailbox(campaign.id, mailbox_key(campaign, form.email.mailbox.folded))
    number = found.number if found else None
    me = wall.me().called()
    journal.write(me, "signature looked up", campaign_id=campaign.id, about=number, count=1 if found else 0)
    db.session.commit()
    if number is None:
        editing.complain(form, "email", str(_("Nothing is stored for this address in this campaign.")))
        return _page(campaign, address=form), 422
    return redirect(url_for("desk.signature", slug=campaign.slug, signature=number), 303)
