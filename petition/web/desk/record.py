"""The journal, to be read: of a campaign by its team, of the site by administrators. The address holds the filter.

Nothing here can change it; neither can the database (see `journal`).
"""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

from flask import render_template, request, url_for

from petition import journal
from petition.base import i18n
from petition.campaigns import Reading
from petition.journal import Sought
from petition.web import guards
from petition.web.desk import words
from petition.web.desk.wall import desk

PAGE = 50
#: No day of a filter is in it or later: the day after must be one, too.
LAST_YEAR = 9999


@desk.get("/campaigns/<slug:slug>/journal", needs="see journal")
def campaign_journal(campaign: Reading) -> str:
    """Who did what in this campaign, when and why; the newest first."""
    title = campaign.wording(i18n.spoken()).title
    return _page(campaign.id, url_for("desk.campaign_journal", slug=campaign.slug), campaign=campaign, title=title)


@desk.get("/journal", needs="see site journal")
def site_journal() -> str:
    """The same of what belongs to no campaign: people, articles, the machine."""
    return _page(None, url_for("desk.site_journal"), campaign=None, title="")


def _page(campaign_id: int | None, path: str, **shown: object) -> str:
    asked = request.args
    sought = Sought(
        campaign_id, asked.get("actor", "")[:120], asked.get("deed", "")[:60], _day("from"), _day("until"),
        guards.number(asked.get("before", "")),
    )  # fmt: skip
    found = journal.lines(sought, PAGE + 1)
    actors, deeds = journal.known(campaign_id)
    said = {one: words.deed(one) for one in deeds}
    return render_template(
        "desk/journal.html", path=path, sought=sought, filter=_filter(sought, path),
        older=found[PAGE - 1].id if len(found) > PAGE else None, actors=actors,
        deeds=sorted(said.items(), key=lambda one: one[1].casefold()),
        lines=[(one, said[one.deed], words.reason(one.reason)) for one in found[:PAGE]], **shown,
    )  # fmt: skip


def _day(name: str) -> date | None:
    """A day of the query; what is none asks for nothing."""
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if found.year < LAST_YEAR else None


def _filter(sought: Sought, path: str) -> Callable[..., str]:
    """Makes the address of the same lines with something else asked for."""
    asked = {
        "actor": sought.actor, "deed": sought.deed, "from": sought.first_day and sought.first_day.isoformat(),
        "until": sought.last_day and sought.last_day.isoformat(),
    }  # fmt: skip

    def address(**changed: object) -> str:
        kept = {name: value for name, value in (asked | changed).items() if value}
        return f"{path}?{urlencode(kept)}" if kept else path

    return address
