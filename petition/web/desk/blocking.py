"""Blocked domains and addresses: typed once, kept as keyed hashes, shown to nobody again."""

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import blocks
from petition.base import db, mailbox
from petition.base.i18n import gettext as _
from petition.base.mailbox import Mailbox, MailboxRefused
from petition.campaigns import Reading
from petition.web import guards
from petition.web.desk import wall
from petition.web.desk.deciding import about
from petition.web.desk.forms import DeskForm, reason_field
from petition.web.desk.wall import desk


class BlockForm(DeskForm):
    """A domain, or an address; and why."""

    requires = frozenset({"reason"})
    what = StringField()
    reason = reason_field()
    #: What was typed, read.
    box: Mailbox | None = None
    domain = ""

    def validate_what(self, field: Any) -> None:
        """An address has an @, a domain has none."""
        typed = (field.data or "").strip()
        try:
            self.box = mailbox.parse(typed if "@" in typed.lstrip("@") else f"a@{typed.lstrip('@')}")
        except MailboxRefused:
            raise StopValidation(_("Type a domain such as example.org, or a whole address.")) from None
        self.domain = "" if "@" in typed.lstrip("@") else self.box.domain


@desk.get("/campaigns/<slug:slug>/blocked", needs="decide")
def blocked(campaign: Reading) -> str:
    """How many are blocked since when and why, and the form."""
    return _page(campaign, BlockForm(formdata=None))


def _page(campaign: Reading, form: BlockForm, problem: str = "") -> str:
    return render_template(
        "desk/blocked.html", form=form, blocks=blocks.listed(campaign.id), problem=problem, **about(campaign)
    )


@desk.post("/campaigns/<slug:slug>/blocked", needs="decide", fresh=True)
def block(campaign: Reading) -> Response | str | tuple[str, int]:
    """Block one. What was typed is shown once more, here, and stands in no address and in no journal."""
    form = BlockForm()
    if campaign.sealed_key is None:
        return _page(campaign, form, _("The people of this campaign are forgotten.")), 409
    if not form.validate() or form.box is None:
        return _page(campaign, form), 422
    kind = blocks.DOMAIN if form.domain else blocks.MAILBOX
    key = blocks.domain_key(campaign, form.domain) if form.domain else blocks.mailbox_key(campaign, form.box)
    made = blocks.add(
        campaign.id, kind, key, reason=form.reason.data or "", actor=wall.me().called(), at=db.now()
    )  # fmt: skip
    db.session.commit()
    typed = form.domain or form.box.address
    said = _("Blocked from now on: %(what)s", what=typed) if made else _("It is blocked already: %(what)s", what=typed)
    fresh = BlockForm(formdata=None)
    return render_template(
        "desk/blocked.html", form=fresh, blocks=blocks.listed(campaign.id), problem="", said=said, **about(campaign)
    )


@desk.post("/campaigns/<slug:slug>/blocked/lift", needs="decide")
def lift_block(campaign: Reading) -> Response:
    """Block one no longer."""
    key = guards.number(request.form.get("block", ""))
    blocks.lift(campaign.id, key, reason=request.form.get("reason", "")[:500], actor=wall.me().called())
    db.session.commit()
    return redirect(url_for("desk.blocked", slug=campaign.slug, done="lifted"), 303)
