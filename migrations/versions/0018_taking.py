"""Lists taken out at the desk: what they were, and what is asked for again under a name."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "named_export",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="named_export_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="named_export_pkey"),
        sa.UniqueConstraint("campaign_id", "name", name="named_export_campaign_id_name_key"),
    )
    op.create_table(
        "taken_list",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("file", sa.String(length=100), nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="taken_list_account_id_fkey", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="taken_list_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="taken_list_pkey"),
    )
    op.create_index("taken_list_campaign", "taken_list", ["campaign_id", "made_at"])


def downgrade() -> None:
    op.drop_table("taken_list")
    op.drop_table("named_export")
