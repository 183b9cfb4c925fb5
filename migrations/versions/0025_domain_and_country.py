"""A domain and a country asked for together: counted in the index, without reading a row."""

from alembic import op

revision = "0025"
down_revision = "0024"

DOMAIN = ["campaign_id", "domain", "entered_at", "id", "state"]
ORDER = [
    "campaign_id", "entered_at", "id", "state", "day", "country", "language", "channel", "source", "partner",
]  # fmt: skip


def upgrade() -> None:
    op.drop_index("signature_domain", "signature")
    op.create_index("signature_domain", "signature", [*DOMAIN, "country"])
    _make_newest()


def downgrade() -> None:
    op.drop_index("signature_domain", "signature")
    op.create_index("signature_domain", "signature", DOMAIN)
    _make_newest()


def _make_newest() -> None:
    """Of two indexes that begin with the same column SQLite takes the one made last, even where the other one holds
    all that is asked and it does not."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("signature_order", "signature")
        op.create_index("signature_order", "signature", ORDER)
