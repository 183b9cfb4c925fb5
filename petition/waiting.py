"""What waits for somebody's decision, in numbers that name nobody.

A subject that lets something wait adds a line to `KINDS`; its sentence and its place stand in
`web/desk/glances.py`.
"""

from collections.abc import Collection

from sqlalchemy import Select, func, literal, select, union_all

from petition.base import db
from petition.endorsements import CONFIRMED, Endorsement
from petition.objections import Objection
from petition.signatures import ASIDE, HELD, Signature
from petition.unshown import Unshown

#: What it is called → which rows wait: the campaign of each. In the words of an index, for all are counted at once.
KINDS: dict[str, Select[int]] = {
    # Who withdrew while held has left: nothing is to be decided.
    "held": select(Signature.campaign_id).where(ASIDE, Signature.state == HELD, Signature.sealed.is_not(None)),
    "objections": select(Objection.campaign_id).where(Objection.answered_at.is_(None)),
    "names": select(Unshown.campaign_id).where(Unshown.hidden.is_(False)),
    "organisations": select(Endorsement.campaign_id).where(Endorsement.state == CONFIRMED),
}  # fmt: skip


def counts(campaign_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many of each kind wait in several campaigns, with one statement; what nobody waits for is left out."""
    parts = []
    for kind, rows in KINDS.items():
        campaign_id = rows.selected_columns[0]
        asked = rows.with_only_columns(campaign_id, literal(kind), func.count()).group_by(campaign_id)
        parts.append(asked.where(campaign_id.in_(campaign_ids)))
    found: dict[int, dict[str, int]] = {key: {} for key in campaign_ids}
    for key, kind, count in db.session.execute(union_all(*parts)):
        found[key][kind] = int(count)
    return found
