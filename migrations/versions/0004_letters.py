"""Letters and the links they hold."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("mailbox", sa.LargeBinary(), nullable=True),
        sa.Column("about", KEY, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease", KEY, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("doubts", sa.SmallInteger(), nullable=False),
        sa.Column("errors", sa.SmallInteger(), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("trouble", sa.String(length=60), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("gives_up_at", MOMENT, nullable=True),
        sa.Column("mailing", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("letter_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("letter_pkey")),
    )
    op.create_index(
        "letter_due",
        "letter",
        ["news", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "letter_gives_up",
        "letter",
        ["gives_up_at"],
        unique=False,
        postgresql_where=sa.text("gives_up_at IS NOT NULL AND state IN ('waiting', 'parked')"),
        sqlite_where=sa.text("gives_up_at IS NOT NULL AND state IN ('waiting', 'parked')"),
    )
    op.create_index(
        "letter_leases",
        "letter",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
    )
    op.create_index(
        "letter_mailing",
        "letter",
        ["mailing", "mailbox"],
        unique=True,
        postgresql_where=sa.text("mailing IS NOT NULL"),
        sqlite_where=sa.text("mailing IS NOT NULL"),
    )
    op.create_index(
        "letter_network",
        "letter",
        ["network", "settled_at"],
        unique=False,
        postgresql_where=sa.text("state = 'sent'"),
        sqlite_where=sa.text("state = 'sent'"),
    )
    op.create_index(
        "letter_unsent",
        "letter",
        ["campaign_id", "mailbox"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'claimed', 'sending', 'parked')"),
        sqlite_where=sa.text("state IN ('waiting', 'claimed', 'sending', 'parked')"),
    )
    op.create_table(
        "link",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("letter", KEY, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("sent_day", sa.Date(), nullable=True),
        sa.Column("sent_count", KEY, nullable=False),
        sa.Column("told_day", sa.Date(), nullable=True),
        sa.Column("quiet_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("link_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "mailbox", name=op.f("link_pkey")),
        sa.UniqueConstraint("id", name=op.f("link_id_key")),
    )
    op.create_table(
        "mailbox_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("n", KEY, nullable=False),
        sa.PrimaryKeyConstraint("day", "mailbox", name=op.f("mailbox_day_pkey")),
    )
    op.create_table(
        "site_key",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("site_key_pkey")),
    )
    op.create_table(
        "suppression",
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("suppression_pkey")),
    )
    op.create_index(op.f("suppression_link_id"), "suppression", ["link_id"], unique=False)


def downgrade() -> None:
    op.drop_table("suppression")
    op.drop_table("site_key")
    op.drop_table("mailbox_day")
    op.drop_table("link")
    op.drop_table("letter")
