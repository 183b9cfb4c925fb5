"""A campaign at a glance: where it stands, what must still be said, what comes next."""

from flask import render_template, request

from petition import campaigns, drafts, register
from petition.base import db, i18n, urls
from petition.campaigns import Phase, Reading
from petition.web.desk.wall import desk


@desk.get("/campaigns/<slug:slug>", needs="see figures")
def overview(campaign: Reading) -> str:
    """The first page of a campaign."""
    at = db.now()
    phase = campaigns.phase(campaign, at)
    spoken = campaign.wording(i18n.spoken()).language
    return render_template(
        "desk/overview.html", campaign=campaign, title=campaign.wording(spoken).title, phase=phase.value,
        total=register.total(campaign.id), today=register.on_day([campaign.id], at.date())[campaign.id],
        lacking=drafts.lacking(campaign), stale=[i18n.own_name(code) for code in drafts.stale(campaign)],
        href=urls.campaign(spoken, campaign.slug) if phase not in (Phase.DRAFT, Phase.WITHDRAWN) else "",
        preview_language=spoken, done=request.args.get("done", ""),
    )  # fmt: skip
