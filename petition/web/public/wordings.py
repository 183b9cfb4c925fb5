"""The versions of a campaign's text and what was changed (S42). The same bytes for everybody.

How many have signed each version is not said: where few have, a number would point at them (S62).
"""

from datetime import datetime
from itertools import groupby

from flask import Blueprint, abort, g, redirect, render_template
from markupsafe import Markup
from werkzeug import Response

from petition import wordings as versions
from petition.base import i18n, urls
from petition.campaigns import Reading
from petition.web import context, guards

blueprint = Blueprint("wordings", __name__)


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/wordings")
def wordings(language: str, slug: str) -> str | Response:
    """Every version of a campaign's text, by language."""
    reading = guards.campaign(language, slug)
    if reading.slug != slug:
        return redirect(urls.wordings(language, reading.slug), 301)
    g.colour, g.page_language = reading.colour, language
    found = versions.versions(reading.id)
    return render_template(
        "public/wordings.html",
        wording=context.wording_view(reading, language),
        campaign_href=urls.campaign(language, reading.slug),
        languages=[
            (i18n.own_name(code), code, [
                (one.version, _since(reading, one.created_at), urls.wording(language, reading.slug, code, one.version))
                for one in rows
            ]) for code, rows in groupby(found, key=lambda one: one.language)
        ],
    )  # fmt: skip


@blueprint.get("/<lang:language>/campaigns/<slug:slug>/wordings/<lang:of>/<int(max=9999):version>")
def wording(language: str, slug: str, of: str, version: int) -> str | Response:
    """A version of a campaign's text, with what was changed from the one before it."""
    reading = guards.campaign(language, slug)
    found = versions.read(reading.id, of, version)
    if found is None:
        abort(404)
    if reading.slug != slug:
        return redirect(urls.wording(language, reading.slug, of, version), 301)
    g.colour, g.page_language = reading.colour, language
    this, before = found
    newest = reading.wordings[of].version
    return render_template(
        "public/wording.html",
        this=this,
        since=_since(reading, this.created_at),
        # Sanitised when it was saved, by base.markdown.to_html.
        html=Markup(this.html),  # noqa: S704
        change=versions.change(before, this) if before else None,
        newer_href=urls.wording(language, reading.slug, of, newest) if newest > version else "",
        own_name=i18n.own_name(of),
        campaign_href=urls.campaign(language, reading.slug),
        wordings_href=urls.wordings(language, reading.slug),
    )


def _since(reading: Reading, made: datetime) -> datetime:
    """Since when the public sees a version that was made at a moment."""
    return max(made, reading.published_at or made)
