"""Who is held as they come: from a blocked mailbox or domain, or by a rule that holds for those who come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, LargeBinary, cast, insert, null, select, union_all

from petition import rules
from petition.base import db
from petition.blocks import Block
from petition.rules import COME, Rule, RuleRun, Touched
from petition.signatures import COUNTED
from petition.unshown import Moderation


@dataclass(frozen=True, slots=True)
class HeldBy:
    """What holds somebody; `run_id` is the rule's, None where it is a block."""

    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands before those who come to some campaigns: `looking` are those that look at names before they are
    shown."""

    looking: frozenset[int]
    watching: Sequence[tuple[int, dict[str, Any], int]]
    blocked: frozenset[tuple[int, bytes]]

    def holds(self, row: Mapping[str, Any]) -> HeldBy | None:
        """What holds a new signature with these columns, if anything does."""
        here = row["campaign_id"]
        if not self.blocked.isdisjoint({(here, row["mailbox"]), (here, row["domain"])}):
            return HeldBy()
        runs = [run for campaign_id, facts, run in self.watching if campaign_id == here and rules.meets(facts, row)]
        return HeldBy(runs[0]) if runs else None


#: One statement, for it is in the way of every button: rules with their runs, blocks with their keys, and campaigns
#: that look at names.
_STANDING = union_all(
    select(Rule.campaign_id, RuleRun.id, Rule.filter, cast(null(), LargeBinary))
    .join(RuleRun, RuleRun.rule_id == Rule.id)
    .where(db.Among(Rule.campaign_id, "c"), Rule.watching, RuleRun.kind == COME, RuleRun.ended_at.is_(None)),
    select(Block.campaign_id, cast(null(), db.BigKey), cast(null(), JSON), Block.key)
    .where(db.Among(Block.campaign_id, "c"), db.Among(Block.key, "k")),
    select(Moderation.campaign_id, cast(null(), db.BigKey), cast(null(), JSON), cast(null(), LargeBinary))
    .where(db.Among(Moderation.campaign_id, "c")),
)  # fmt: skip


def standing(rows: Sequence[Mapping[str, Any]]) -> Standing:
    """What stands before new signatures with these columns. One short query."""
    asked = {"c": list({row["campaign_id"] for row in rows}),
             "k": list({key for row in rows for key in (row["mailbox"], row["domain"])})}  # fmt: skip
    found = db.session.connection().execute(_STANDING, asked).all()
    watching = sorted((one for one in found if one[1] is not None), key=lambda one: one[1])
    return Standing(
        frozenset(campaign_id for campaign_id, run, _, key in found if run is None and key is None),
        [(campaign_id, facts, run) for campaign_id, run, facts, _ in watching],
        frozenset((campaign_id, key) for campaign_id, _, _, key in found if key is not None),
    )


def remember(held: HeldBy, campaign_id: int, signature_id: int, move_id: int) -> None:
    """Write down which signature a rule has held, so that it can be taken back with the others."""
    if held.run_id is not None:
        db.session.execute(
            insert(Touched).values(campaign_id=campaign_id, run_id=held.run_id, signature_id=signature_id,
                                   former=COUNTED, move_id=move_id, is_back=False)
        )  # fmt: skip
