"""Which columns of the database are about people who sign, and which rule of retention forgets each."""

#: Every column that names a person who signs or is derived from one → the rule of retention that forgets it. Rows of a
#: campaign go as a whole with the rule "campaign" at the latest. A test holds that no column is missing here and in
#: NOT_PERSONAL, and that all of these are empty in the end.
PERSONAL: dict[str, dict[str, str]] = {
    "pending_signature": dict.fromkeys(
        ("mailbox", "domain", "sealed", "country", "language", "channel", "source", "partner", "partner_version",
         "appear", "with_role", "on_behalf", "news", "created_at", "asked_at", "reminded_at"), "pending signatures")
        | {"network": "networks"},
    "signature": dict.fromkeys(
        ("mailbox", "domain", "sealed", "country", "language", "channel", "source", "partner", "appear", "with_role",
         "on_behalf", "day", "signed_at", "entered_at", "shown_name", "shown_role", "shown_key", "first"), "campaign")
        | {"network": "networks"},
    # Those of the whole site; those of a campaign go with it.
    "contact": dict.fromkeys(("mailbox", "link_id", "sealed", "language", "confirmed_at", "forgets_at"), "contacts"),
    "pending_contact": dict.fromkeys(
        ("mailbox", "sealed", "language", "created_at", "asked_at"), "pending contacts"),
    "contact_link": dict.fromkeys(
        ("mailbox", "id", "letter", "sent_at", "sent_day", "sent_count", "told_day", "quiet_until",
         "created_at"), "links of contacts"),
    "endorsement": dict.fromkeys(("mailbox", "sealed", "shown_name", "shown_office"), "campaign")
        | {"asked_at": "endorsements"},
    "link": dict.fromkeys(
        ("mailbox", "id", "letter", "asked_at", "sent_at", "sent_day", "sent_count", "told_day", "quiet_until",
         "created_at"), "links"),
    "letter": dict.fromkeys(("mailbox", "about", "language", "message_id"), "letters")
        | {"sealed": "parked letters", "network": "networks"},
    "mailbox_day": dict.fromkeys(("day", "mailbox", "n"), "limits"),
    "suppression": dict.fromkeys(("mailbox", "link_id", "until"), "suppressions"),
    # Names nobody by itself: a link that is dead or quiet, rows that are gone, and for a suppression what it holds.
    "erasure": dict.fromkeys(("at", "deed", "link", "rows", "mailbox"), "erasures"),
    "account_session": dict.fromkeys(("id", "account_id", "device", "began_at", "seen_at"), "sessions"),
    # What was asked of a job and what it found may name signers.
    "job": dict.fromkeys(("parameters", "result"), "jobs"),
    # The network of whoever said "the one I am on".
    "gathering": dict.fromkeys(("network", "next_network"), "networks"),
    # Which signatures a decision about many has touched, what is blocked, and what people say against a decision.
    "rule_touched": dict.fromkeys(("signature_id", "former"), "campaign"),
    "rule": {"filter": "campaign", "figures": "campaign"},
    "block": {"key": "campaign"},
    "objection": dict.fromkeys(("signature_id", "sealed", "at", "answer"), "campaign"),
    "unshown": dict.fromkeys(("id", "hidden", "at"), "campaign"),
    "guess": dict.fromkeys(("key", "hour", "n"), "guesses"),
    # Names nobody, but with it whoever has an address finds what was stored of it.
    "campaign": {"hash_key": "campaign"},
}  # fmt: skip

#: Every other column. Texts, terms, dates and figures of campaigns; organisers and authors, who answer for what they
#: do in public or in the journal; random ids, which name nobody once the row they stood for is gone; moves and
#: tallies, which are the register. A day's key of networks is random and goes with the rule "networks" as a row.
NOT_PERSONAL: dict[str, tuple[str, ...]] = {
    "account": (
        "id", "address", "name", "language", "uniquifier", "password", "active", "factor", "factor_method",
        "factor_counter", "recovery_codes", "invitation", "invited_at", "joined_at",
    ),
    "answer": ("campaign_id", "hour", "asked", "at_once", "within_an_hour", "within_a_day", "later"),
    "answer_head": ("campaign_id", "until"),
    "article": (
        "id", "slug", "first_language", "authors", "topic_id", "campaign_id", "is_update", "published_at", "time_zone",
        "changed_at", "created_at", "trashed_at",
    ),
    "erasure": ("id",),
    "article_slug": ("slug", "article_id"),
    "article_text": ("id", "article_id", "language", "title", "standfirst", "text_language", "source", "html",
                     "changed_at"),
    "block": ("id", "campaign_id", "kind", "reason", "actor", "at"),
    "breakdown": ("campaign_id", "dimension", "day", "cells"),
    "campaign": (
        "id", "slug", "first_language", "colour", "goals", "time_zone", "opens_at", "closes_at", "published_at",
        "withdrawn_at", "forgotten_at", "asks", "outcome", "consent_version", "created_at",
    ),
    "campaign_field": ("campaign_id", "key", "place", "kind", "required", "labels", "options", "removed_at"),
    "campaign_picture": ("campaign_id", "picture", "alt"),
    "campaign_slug": ("slug", "campaign_id"),
    "consent": (
        "campaign_id", "version", "responsible", "responsible_address", "handed_to", "fields", "months", "ground",
        "created_at",
    ),
    "contact": ("id", "campaign_id", "wish", "proof", "consent_version", "partner_version"),
    "contact_link": ("campaign_id", "wish"),
    "decided_day": ("campaign_id", "day", "kind", "n"),
    # What an organisation says of itself and its decision stays public; so far nobody confirmed it, it goes by a rule.
    "endorsement": (
        "id", "campaign_id", "state", "organisation", "level", "country", "body", "decided_on", "members", "homepage",
        "language", "show_name", "logo", "place", "version", "consent_version", "created_at", "confirmed_at",
        "decided_at",
    ),
    "event": (
        "id", "slug", "first_language", "time_zone", "starts_at", "ends_at", "online", "topic_id", "campaign_id",
        "published_at", "cancelled_at", "changed_at", "created_at", "trashed_at",
    ),
    # What names people (lists on their way out) is sealed there and ends with `ends_at`.
    "file": ("name", "size", "is_sealed", "ends_at", "created_at"),
    "file_chunk": ("name", "number", "data"),
    "event_slug": ("slug", "event_id"),
    "event_text": ("event_id", "language", "title", "standfirst", "place", "source", "html", "changed_at"),
    "framing": ("campaign_id", "allowed", "sites"),
    "gathering": ("id", "campaign_id", "place", "began_at", "ends_at", "source", "created_at"),
    "grant": ("id", "account_id", "scope", "campaign_id", "role", "granted_at"),
    "job": (
        "id", "kind", "campaign_id", "account_id", "actor", "state", "done", "total", "place", "trouble", "cancelling",
        "attempts", "lease", "lease_until", "created_at", "ended_at", "ends_at",
    ),
    "journal": ("id", "at", "actor", "deed", "campaign_id", "about", "count", "reason"),
    "letter": (
        "id", "kind", "campaign_id", "news", "state", "due_at", "lease", "lease_until", "attempts", "doubts", "errors",
        "trouble", "created_at", "settled_at", "gives_up_at", "mailing",
    ),
    "link": ("campaign_id",),
    "moderation": ("campaign_id", "since"),
    "move": (
        "id", "campaign_id", "number", "signature_id", "kind", "amount", "day", "country", "language", "channel",
        "source", "partner", "at",
    ),
    "objection": ("id", "campaign_id", "answered_at", "answered_by"),
    "partner": (
        "id", "campaign_id", "key", "name", "homepage", "sites", "shown", "terms_version", "switched_off_at",
        "created_at",
    ),
    "partner_figures": ("partner_id", "dimension", "day", "cells"),
    "partner_grant": ("account_id", "partner_id", "role", "granted_at"),
    "partner_terms": (
        "partner_id", "version", "responsible", "responsible_address", "asks", "lines", "created_at",
    ),
    "pause": ("id", "campaign_id", "began_at", "ended_at"),
    # Which lists a campaign takes, and what was taken: the filter's hashes say nothing once their keys are gone.
    "named_export": ("id", "campaign_id", "name", "filter", "columns", "form", "made_by", "made_at"),
    "taken_list": (
        "id", "campaign_id", "account_id", "actor", "reason", "manifest", "file", "ends_at", "made_at",
    ),
    "pending_contact": ("id", "campaign_id", "wish", "consent_version"),
    "pending_signature": ("id", "campaign_id", "wording_id", "consent_version"),
    "phrases": ("campaign_id", "language", "said", "whole"),
    "picture": ("name", "width", "height", "unused_since", "created_at"),
    "register_head": ("campaign_id", "number"),
    "rule": (
        "id", "campaign_id", "name", "verb", "reason", "tell", "actor", "created_at", "job_id", "figures_at",
        "watching",
    ),
    "rule_run": (
        "id", "campaign_id", "rule_id", "kind", "back_of", "job_id", "actor", "began_at", "ended_at", "expected",
        "touched", "skipped", "stopped",
    ),
    "rule_touched": ("id", "campaign_id", "run_id", "move_id", "is_back"),
    "sighting": ("id", "kind", "machine", "began_at", "seen_at", "figures"),
    "signature": ("id", "seat", "campaign_id", "wording_id", "consent_version", "state"),
    "share_picture": ("campaign_id", "language", "facts", "png", "made_at"),
    "site_key": ("name", "sealed", "created_at"),
    "tally": ("campaign_id", "dimension", "value", "amount"),
    "topic": ("id", "slug", "first_language", "position", "created_at", "trashed_at"),
    "topic_slug": ("slug", "topic_id"),
    "topic_text": ("topic_id", "language", "title", "standfirst", "changed_at"),
    "unshown": ("campaign_id",),
    "wording_check": ("wording_id", "at"),
    "wording": (
        "id", "campaign_id", "language", "version", "title", "addressee", "standfirst", "source", "html", "created_at",
    ),
}  # fmt: skip
