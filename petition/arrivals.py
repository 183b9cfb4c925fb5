"""Who is held as they come: from a blocked mailbox or domain, or by a rule that holds for those who come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from petition import blocks, rules
from petition.base import db
from petition.rules import COME, Rule, RuleRun, Touched
from petition.signatures import COUNTED


@dataclass(frozen=True, slots=True)
class HeldBy:
    """What holds somebody; `run_id` is the rule's, None where it is a block."""

    run_id: int | None = None


def held_by(campaign_id: int, row: Mapping[str, Any]) -> HeldBy | None:
    """What holds a new signature with these columns, if anything does. Two short queries."""
    if blocks.is_blocked(campaign_id, row["mailbox"], row["domain"]):
        return HeldBy()
    coming = select(Rule.filter, RuleRun.id).join(RuleRun, RuleRun.rule_id == Rule.id)
    coming = coming.where(Rule.campaign_id == campaign_id, Rule.watching, RuleRun.kind == COME)
    for facts, run_id in db.session.execute(coming.where(RuleRun.ended_at.is_(None)).order_by(RuleRun.id)):
        if rules.meets(facts, row):
            return HeldBy(run_id)
    return None


def remember(held: HeldBy, campaign_id: int, signature_id: int, move_id: int) -> None:
    """Write down which signature a rule has held, so that it can be taken back with the others."""
    if held.run_id is not None:
        db.session.execute(
            insert(Touched).values(campaign_id=campaign_id, run_id=held.run_id, signature_id=signature_id,
                                   former=COUNTED, move_id=move_id, is_back=False)
        )  # fmt: skip
