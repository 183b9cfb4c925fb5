"""What campaigns ask of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "campaign_field",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=30), nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("campaign_field_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "key", name=op.f("campaign_field_pkey")),
    )


def downgrade() -> None:
    op.drop_table("campaign_field")
