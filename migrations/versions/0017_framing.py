"""Where a campaign's form may stand in a frame."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "framing",
        sa.Column("campaign_id", KEY, autoincrement=False, nullable=False),
        sa.Column("allowed", sa.String(length=10), nullable=False),
        sa.Column("sites", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("framing_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("framing_pkey")),
    )


def downgrade() -> None:
    op.drop_table("framing")
