"""What organisers decide about a signature: hold, release, remove, restore."""

from datetime import datetime

from sqlalchemy import update

from petition import journal, links, register
from petition.base import db
from petition.signatures import COUNTED, HELD, REMOVED, Signature

#: What an organiser may do: from which states, to which state, and what the total does.
_DECISIONS = {
    "hold": ({COUNTED: -1}, HELD, "held"),
    "release": ({HELD: 1}, COUNTED, "released"),
    "remove": ({COUNTED: -1, HELD: 0}, REMOVED, "removed"),
    "restore": ({REMOVED: 1}, COUNTED, "restored"),
}


def decide(signature_id: int, verb: str, *, actor: str, reason: str, at: datetime) -> bool:
    """Hold, release, remove or restore a signature, with its move and its line in the journal.

    False where it does not exist or its state does not allow the verb. Locks the link's row first, like every verb.
    """
    found = db.session.get(Signature, signature_id)
    if found is None:
        return False
    links.take(found.campaign_id, found.mailbox)
    found = db.session.get(Signature, signature_id, populate_existing=True)
    amounts, state, kind = _DECISIONS[verb]
    if found is None or found.state not in amounts or (found.sealed is None and state == COUNTED):
        return False
    amount = amounts[found.state]
    db.session.execute(update(Signature).where(Signature.id == signature_id).values(state=state))
    register.move(found.campaign_id, kind, amount, found.cell(), signature_id=signature_id, at=at)
    journal.write(actor, f"signature {kind}", campaign_id=found.campaign_id, about=signature_id, reason=reason)
    db.session.expire(found)
    return True
