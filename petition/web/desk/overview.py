"""A campaign at a glance: where it stands, how it goes, what waits, whether letters go out, and what comes next."""

from datetime import timedelta
from typing import Any

from flask import render_template, request

from petition import answers, campaigns, drafts, standing, waiting
from petition.base import db, i18n, outbox, urls
from petition.campaigns import Phase, Reading
from petition.web.desk import glances
from petition.web.desk.wall import desk


@desk.get("/campaigns/<slug:slug>", needs="see figures")
def overview(campaign: Reading) -> str:
    """The first page of a campaign."""
    phase = campaigns.phase(campaign, db.now())
    spoken = campaign.wording(i18n.spoken()).language
    return render_template(
        "desk/overview.html", campaign=campaign, title=campaign.wording(spoken).title, phase=phase.value,
        lacking=drafts.lacking(campaign), stale=[i18n.own_name(code) for code in drafts.stale(campaign)],
        href=urls.campaign(spoken, campaign.slug) if phase not in (Phase.DRAFT, Phase.WITHDRAWN) else "",
        preview_language=spoken, done=request.args.get("done", ""), **_figures(campaign),
    )  # fmt: skip


def _figures(campaign: Reading) -> dict[str, Any]:
    """All parts of the total are of one moment, `at`."""
    at = db.now()
    found = standing.whole(campaign.id)
    total, days = found["total"].get("", 0), glances.by_day(found["day"])
    goal = campaign.next_goal(total)
    asked = answers.read(campaign.id, at - timedelta(hours=glances.HOURS))
    letters = outbox.standings([campaign.id], at)[campaign.id]
    return {
        "at": at, "total": total, "today": days.get(at.date(), 0), "goal": goal,
        "pace": glances.pace(days, total, goal, campaign.closes_at, at),
        "waits": glances.waiting(waiting.counts([campaign.id])[campaign.id], campaign),
        "letters": glances.outgoing(letters, at), "late": glances.is_late(letters, at),
        "charts": [glances.last_days(days, at.date()), glances.growth(days, at.date()),
                   glances.last_hours(campaign.id, at)],
        "parts": glances.parts(found), "asked": asked, "after": glances.after(asked),
        "asked_hours": glances.asked_hours(asked, at),
    }  # fmt: skip
