"""What the open figures say of a campaign, an article, an event. Nothing here names a person: neither signers nor
authors nor whoever is responsible."""

from datetime import datetime
from typing import Any

from petition import articles, campaigns, events
from petition.base import urls
from petition.breakdowns import Published
from petition.campaigns import Reading
from petition.partners import Reading as Partner

Document = dict[str, Any]


def campaign(found: Reading, total: int, at: datetime, *, whole: bool) -> Document:
    """A campaign in its languages; `whole` with its text."""
    return {
        "slug": found.slug,
        "href": urls.absolute(urls.figures(f"campaigns/{found.slug}")),
        "first_language": found.first_language,
        "phase": str(campaigns.phase(found, at)),
        "published_at": found.published_at,
        "opens_at": found.opens_at,
        "closes_at": found.closes_at,
        "total": total,
        "goal": found.next_goal(total),
        "goals": found.goals,
        "texts": {code: _appeal(found, code, whole=whole) for code in sorted(found.wordings)},
    }


def _appeal(found: Reading, language: str, *, whole: bool) -> Document:
    said, page = found.wordings[language], urls.absolute(urls.campaign(language, found.slug))
    text = {"html": urls.from_afar(said.html, page)} if whole else {}
    return {
        "url": page, "title": said.title, "addressee": said.addressee, "standfirst": said.standfirst,
        "version": said.version, "outcome": found.outcome.get(language, ""), **text,
    }  # fmt: skip


def article(found: articles.Reading, slugs: dict[int, str]) -> Document:
    """An article, with its title in each of its languages; `slugs` of the campaigns that may be named."""
    return {
        "slug": found.slug,
        "first_language": found.first_language,
        "published_at": found.published_at,
        "changed_at": max(found.changed_at, found.published_at),
        "campaign": slugs.get(found.campaign_id or 0),
        "is_update": found.is_update,
        "texts": {
            code: {
                "url": urls.absolute(urls.article(code, found.slug)), "title": said.title,
                "standfirst": said.standfirst, "text_language": said.text_language,
            } for code, said in sorted(found.texts.items())
        },
    }  # fmt: skip


def event(found: events.Reading, slugs: dict[int, str]) -> Document:
    """An event, with its title and place in each of its languages; `slugs` of the campaigns that may be named."""
    return {
        "slug": found.slug,
        "first_language": found.first_language,
        "starts_at": found.starts_at,
        "ends_at": found.ends_at,
        "time_zone": found.time_zone,
        "online": found.online,
        "is_cancelled": found.cancelled_at is not None,
        "published_at": found.published_at,
        "changed_at": max(found.changed_at, found.published_at),
        "campaign": slugs.get(found.campaign_id or 0),
        "texts": {
            code: {
                "url": urls.absolute(urls.event(code, found.slug)), "title": said.title,
                "standfirst": said.standfirst, "place": said.place,
            } for code, said in sorted(found.texts.items())
        },
    }  # fmt: skip


def partner(found: Partner) -> Document:
    """A site that carries a campaign under a name. One that was switched off is not linked to."""
    homepage = found.homepage if found.is_on else ""
    return {"key": found.key, "name": found.name, "homepage": homepage or None, "is_on": found.is_on}


def division(found: Published) -> Document:
    """One published division: values in their order, and all the others together."""
    values = [{"value": value, "signatures": amount} for value, amount in sorted(found.cells.items())]
    return {"values": values, "other": found.other}
