"""The journal, to be read: of a campaign by its owners, of the site by administrators. The address holds the filter.

Nothing here can change it; neither can the database (see `journal`).
"""

from flask import render_template, request, url_for

from petition import journal
from petition.base import i18n
from petition.campaigns import Reading
from petition.journal import Sought
from petition.web import guards
from petition.web.desk import words
from petition.web.desk.wall import desk

PAGE = 50


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
    sought = Sought(campaign_id, asked.get("actor", "")[:120], asked.get("deed", "")[:60],
                    guards.number(asked.get("before", "")))  # fmt: skip
    found = journal.lines(sought, PAGE + 1)
    return render_template(
        "desk/journal.html", path=path, sought=sought, older=found[PAGE - 1].id if len(found) > PAGE else None,
        lines=[(one, words.deed(one.deed)) for one in found[:PAGE]], deed=words.deed(sought.deed), **shown,
    )  # fmt: skip
