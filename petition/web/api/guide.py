"""The page that explains the open figures, with commands that a test runs as they stand there."""

from flask import Blueprint, render_template

from petition import catalogue
from petition.base import db, settings, urls
from petition.base.i18n import gettext as _
from petition.web import guards, limits
from petition.web.api.routes import PAGE

blueprint = Blueprint("guide", __name__)
#: Stands in the examples where there is no campaign yet.
NO_CAMPAIGN = "SLUG"


@blueprint.get("/<lang:language>/api")
def guide(language: str) -> str:
    """What there is, how to ask for it, and a total to put on a page of one's own."""
    guards.language(language)
    newest = catalogue.newest(db.now(), 1)
    slug = newest[0].slug if newest else NO_CAMPAIGN
    return render_template(
        "public/guide.html",
        contract_href=urls.figures("openapi.json"),
        examples=_examples(urls.absolute(urls.figures("campaigns"))[: -len("campaigns")], slug),
        snippet=_snippet(slug, urls.absolute(urls.campaign(language, slug))),
        page_size=PAGE,
        most=settings.current().api_limit,
        seconds=limits.FIGURES_WINDOW,
    )


def _examples(root: str, slug: str) -> list[tuple[str, str]]:
    """What each does, and the command."""
    totals = f"{root}campaigns/{slug}/totals"
    return [
        (_("All campaigns, the newest first:"), f"curl {root}campaigns"),
        (_("One campaign, with its text in each of its languages:"), f"curl {root}campaigns/{slug}"),
        (_("How many have signed at this moment, and how:"), f"curl {totals}"),
        (_("The same as a table, in a file for a spreadsheet:"), f"curl -o totals.csv {totals}.csv"),
        (_("How many signed on each day:"), f"curl {root}campaigns/{slug}/series.csv"),
        (_("By country, language and source:"), f"curl {root}campaigns/{slug}/breakdowns"),
        (_("Articles, and the events ahead:"), f"curl {root}articles {root}events"),
        (_("Only if something is new since last time:"),
         f"curl --etag-save totals.etag --etag-compare totals.etag -o totals.json {totals}"),
    ]  # fmt: skip


def _snippet(slug: str, page: str) -> str:
    """A piece of a page that says the total, and leads to the campaign where scripts do not run."""
    address = urls.absolute(urls.figures(f"campaigns/{slug}/totals"))
    return f"""\
<p><a href="{page}">{_("Sign")}</a> <b id="petition-total"></b></p>
<script>
fetch("{address}")
  .then(answer => answer.json())
  .then(found => {{
    const place = document.getElementById("petition-total");
    place.textContent = found.total.toLocaleString();
  }})
  .catch(() => {{}});
</script>"""
