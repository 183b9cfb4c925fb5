"""Where a campaign's form may stand in a frame, and what others paste into their pages."""

from dataclasses import replace
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petition import campaigns, framing
from petition.base import db, i18n
from petition.base.i18n import gettext as _
from petition.campaigns import Phase, Reading
from petition.framing import CHOICES, LISTED, MOST_SITES, Allowed, SiteRefused
from petition.web.desk import editing, wall
from petition.web.desk.editing import Crossing, EditForm
from petition.web.desk.wall import desk
from petition.web.public.embedding import chosen, snippets


def listed(text: str) -> list[str]:
    """Sites typed one on each line, each once. Raises StopValidation."""
    found: dict[str, None] = {}
    for typed in filter(None, map(str.strip, text.splitlines())):
        try:
            found[framing.site(typed)] = None
        except SiteRefused:
            raise StopValidation(
                _("This is no site: %(typed)s. Type its address without a path, such as https://union.example or"
                  " *.union.example.", typed=typed[:80])
            ) from None  # fmt: skip
    if len(found) > MOST_SITES:
        raise StopValidation(_("At most %(most)s sites.", most=MOST_SITES))
    return list(found)


class EmbeddingForm(EditForm):
    """On which sites, one on each line."""

    allowed = StringField()
    sites = StringField()

    def validate_allowed(self, field: Any) -> None:
        """One of the three."""
        if field.data not in CHOICES:
            raise StopValidation(_("Choose one of the three."))

    def validate_sites(self, field: Any) -> None:
        """What can stand in a list of a browser, each once."""
        found = listed(field.data or "")
        if not found and self.allowed.data == LISTED:
            raise StopValidation(_("Type at least one site."))
        field.data = "\n".join(found)

    def wanted(self) -> Allowed:
        """What was typed, as the domain takes it."""
        return Allowed(self.allowed.data or "", tuple((self.sites.data or "").split()))


def _values(stored: Allowed) -> dict[str, str]:
    return {"allowed": stored.allowed, "sites": "\n".join(stored.sites)}


@desk.get("/campaigns/<slug:slug>/embedding", needs="run campaign")
def campaign_embedding(campaign: Reading) -> str:
    """The choice, the snippets and a preview."""
    form = EmbeddingForm(formdata=None)
    form.begin(_values(framing.of(campaign.id)))
    return _page(campaign, form)


def _page(campaign: Reading, form: EmbeddingForm, crossed: Crossing | None = None) -> str:
    spoken = i18n.spoken()
    language = spoken if spoken in campaign.wordings else campaign.first_language
    look = chosen()
    is_public = campaigns.phase(campaign, db.now()) not in (Phase.DRAFT, Phase.WITHDRAWN)
    shown = snippets(campaign, language, look)
    return render_template(
        "desk/embedding.html", campaign=campaign, title=campaign.wording(spoken).title, form=form, crossed=crossed,
        look=look, snippets=shown if is_public else replace(shown, badges=[]), is_public=is_public,
        stored=framing.of(campaign.id).allowed,
        done=request.args.get("done", ""),
    )  # fmt: skip


@desk.post("/campaigns/<slug:slug>/embedding", needs="run campaign")
def save_embedding(campaign: Reading) -> Response | tuple[str, int]:
    """Save the choice."""
    form = EmbeddingForm()
    if not form.validate():
        return _page(campaign, form), 422
    row, now = editing.locked(campaign)
    crossed = editing.crossing(form, _values(framing.of(campaign.id)), campaign.id)
    if crossed:
        return _page(now, form, crossed), 409
    changed = framing.allow(row, form.wanted(), wall.me().called())
    db.session.commit()
    return redirect(url_for("desk.campaign_embedding", slug=campaign.slug, done="saved" if changed else "same"), 303)
