"""Events."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("first_language", sa.String(length=12), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("online", sa.String(length=500), nullable=False),
        sa.Column("topic_id", KEY, nullable=True),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("event_campaign_id_fkey")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("event_topic_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("event_pkey")),
        sa.UniqueConstraint("slug", name=op.f("event_slug_key")),
    )
    op.create_index("event_in_order", "event", ["starts_at", "id"], unique=False)
    op.create_index(op.f("event_campaign_id"), "event", ["campaign_id"], unique=False)
    op.create_index(op.f("event_topic_id"), "event", ["topic_id"], unique=False)
    op.create_table(
        "event_slug",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("event_slug_event_id_fkey")),
        sa.PrimaryKeyConstraint("slug", name=op.f("event_slug_pkey")),
    )
    op.create_table(
        "event_text",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("standfirst", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("event_text_event_id_fkey")),
        sa.PrimaryKeyConstraint("event_id", "language", name=op.f("event_text_pkey")),
    )


def downgrade() -> None:
    op.drop_table("event_text")
    op.drop_table("event_slug")
    op.drop_table("event")
