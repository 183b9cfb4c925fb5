"""Organisations that support a campaign."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "endorsement",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("organisation", sa.String(length=120), nullable=False),
        sa.Column("level", sa.String(length=15), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("body", sa.String(length=120), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("members", KEY, nullable=True),
        sa.Column("homepage", sa.String(length=300), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("show_name", sa.Boolean(), nullable=False),
        sa.Column("shown_name", sa.String(length=120), nullable=True),
        sa.Column("shown_office", sa.String(length=120), nullable=True),
        sa.Column("logo", sa.String(length=32), nullable=True),
        sa.Column("place", KEY, nullable=True),
        sa.Column("version", KEY, nullable=False),
        sa.Column("consent_version", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("endorsement_campaign_id_fkey")),
        sa.ForeignKeyConstraint(["logo"], ["picture.name"], name=op.f("endorsement_logo_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("endorsement_pkey")),
    )
    op.create_index("endorsement_state", "endorsement", ["campaign_id", "state"], unique=False)
    op.create_index("endorsement_mailbox", "endorsement", ["campaign_id", "mailbox"], unique=False)
    op.create_index(op.f("endorsement_logo"), "endorsement", ["logo"], unique=False)
    op.create_index(op.f("endorsement_asked_at"), "endorsement", ["asked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("endorsement")
