"""A campaign's own words for a language that the interface does not speak."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "phrases",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("phrases_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "language", name=op.f("phrases_pkey")),
    )


def downgrade() -> None:
    op.drop_table("phrases")
