"""Who is held as they come: from a blocked mailbox or domain, or by a rule that holds for those who come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select

from petition import blocks, rules
from petition.base import db
from petition.rules import COME, Rule, RuleRun, Touched
from petition.signatures import COUNTED


@dataclass(frozen=True, slots=True)
class HeldBy:
    """What holds somebody; `run_id` is the rule's, None where it is a block."""

    run_id: int | None = None


_COMING = (
    select(Rule.campaign_id, Rule.filter, RuleRun.id)
    .join(RuleRun, RuleRun.rule_id == Rule.id)
    .where(Rule.campaign_id.in_(bindparam("c", expanding=True)), Rule.watching)
    .where(RuleRun.kind == COME, RuleRun.ended_at.is_(None))
    .order_by(RuleRun.id)
)


def held_by(rows: Sequence[Mapping[str, Any]]) -> dict[int, HeldBy]:
    """What holds new signatures with these columns, by their ids, as far as anything does. Two short queries."""
    ids = {row["campaign_id"] for row in rows}
    watching = db.session.connection().execute(_COMING, {"c": list(ids)}).all()
    blocked = blocks.blocked(ids, {key for row in rows for key in (row["mailbox"], row["domain"])})
    found: dict[int, HeldBy] = {}
    for row in rows:
        here = row["campaign_id"]
        runs = [run for campaign_id, facts, run in watching if campaign_id == here and rules.meets(facts, row)]
        if not blocked.isdisjoint({(here, row["mailbox"]), (here, row["domain"])}):
            found[row["id"]] = HeldBy()
        elif runs:
            found[row["id"]] = HeldBy(runs[0])
    return found


def remember(held: HeldBy, campaign_id: int, signature_id: int, move_id: int) -> None:
    """Write down which signature a rule has held, so that it can be taken back with the others."""
    if held.run_id is not None:
        db.session.execute(
            insert(Touched).values(campaign_id=campaign_id, run_id=held.run_id, signature_id=signature_id,
                                   former=COUNTED, move_id=move_id, is_back=False)
        )  # fmt: skip
