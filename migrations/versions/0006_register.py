"""The register."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "move",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=True),
        sa.Column("signature_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount", KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("move_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("move_pkey")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("move_campaign_id_number_key")),
    )
    op.create_index("move_signature", "move", ["signature_id"], unique=False)
    op.create_index(
        "move_unnumbered",
        "move",
        ["campaign_id", "id"],
        unique=False,
        postgresql_where=sa.text("number IS NULL"),
        sqlite_where=sa.text("number IS NULL"),
    )
    op.create_table(
        "register_head",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("register_head_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("register_head_pkey")),
    )
    op.create_table(
        "tally",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("dimension", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("amount", KEY, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("tally_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "dimension", "value", name=op.f("tally_pkey")),
    )


def downgrade() -> None:
    op.drop_table("tally")
    op.drop_table("register_head")
    op.drop_table("move")
