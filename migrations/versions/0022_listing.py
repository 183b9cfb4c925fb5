"""The list of signatures: indexes that answer its filters, the journal by what a line is about, and people who sign
together."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ORDER = ["campaign_id", "entered_at", "id"]


def upgrade() -> None:
    op.drop_index("signature_order", "signature")
    asked = ["state", "day", "country", "language", "channel", "source", "partner"]
    op.create_index("signature_order", "signature", ORDER + asked)
    op.create_index("signature_domain", "signature", ["campaign_id", "domain", "entered_at", "id", "state"])
    decided = sa.text("state <> 'counted'")
    op.create_index(
        "signature_decided", "signature", ["campaign_id", "state", "entered_at", "id"],
        postgresql_where=decided, sqlite_where=decided,
    )  # fmt: skip
    op.create_index("journal_about", "journal", ["campaign_id", "about"])
    op.create_table(
        "gathering",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("network", sa.LargeBinary(length=32), nullable=True),
        sa.Column("next_network", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="gathering_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="gathering_pkey"),
    )
    op.create_index("gathering_campaign", "gathering", ["campaign_id", "ends_at"])


def downgrade() -> None:
    op.drop_table("gathering")
    op.drop_index("journal_about", "journal")
    op.drop_index("signature_decided", "signature")
    op.drop_index("signature_domain", "signature")
    op.drop_index("signature_order", "signature")
    op.create_index("signature_order", "signature", ORDER)
