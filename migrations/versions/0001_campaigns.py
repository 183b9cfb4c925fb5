"""Campaigns, their wordings, consent and pauses."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("first_language", sa.String(length=12), nullable=False),
        sa.Column("colour", sa.String(length=6), nullable=False),
        sa.Column("goals", sa.JSON(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=True),
        sa.Column("closes_at", MOMENT, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("forgotten_at", MOMENT, nullable=True),
        sa.Column("asks", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("consent_version", KEY, nullable=False),
        sa.Column("hash_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("campaign_pkey")),
        sa.UniqueConstraint("slug", name=op.f("campaign_slug_key")),
    )
    op.create_table(
        "campaign_slug",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("campaign_slug_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("slug", name=op.f("campaign_slug_pkey")),
    )
    op.create_table(
        "consent",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("responsible", sa.String(length=200), nullable=False),
        sa.Column("responsible_address", sa.String(length=200), nullable=False),
        sa.Column("handed_to", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("months", KEY, nullable=False),
        sa.Column("ground", sa.String(length=30), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("consent_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "version", name=op.f("consent_pkey")),
    )
    op.create_table(
        "pause",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name=op.f("pause_forward_check")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("pause_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pause_pkey")),
    )
    op.create_index(op.f("pause_campaign_id"), "pause", ["campaign_id"], unique=False)
    op.create_table(
        "wording",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("addressee", sa.String(length=200), nullable=False),
        sa.Column("standfirst", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("wording_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("wording_pkey")),
        sa.UniqueConstraint("campaign_id", "id", name=op.f("wording_campaign_id_id_key")),
        sa.UniqueConstraint(
            "campaign_id", "language", "version", name=op.f("wording_campaign_id_language_version_key")
        ),
    )


def downgrade() -> None:
    op.drop_table("wording")
    op.drop_table("pause")
    op.drop_table("consent")
    op.drop_table("campaign_slug")
    op.drop_table("campaign")
