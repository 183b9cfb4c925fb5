"""Pending signatures, signatures, and people who want to hear from us."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
#: Compared byte by byte on both databases, so that an index serves order and pages.
FOLDED = sa.String(length=500).with_variant(sa.String(length=500, collation="C"), "postgresql")
SHOWN = "shown_key <> '' AND state = 'counted'"
FIRST = "first IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "pending_signature",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("wording_id", KEY, nullable=False),
        sa.Column("consent_version", KEY, nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("domain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("appear", sa.String(length=8), nullable=False),
        sa.Column("with_role", sa.Boolean(), nullable=False),
        sa.Column("on_behalf", sa.Boolean(), nullable=False),
        sa.Column("network", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id", "consent_version"],
            ["consent.campaign_id", "consent.version"],
            name=op.f("pending_signature_campaign_id_consent_version_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "wording_id"],
            ["wording.campaign_id", "wording.id"],
            name=op.f("pending_signature_campaign_id_wording_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pending_signature_pkey")),
    )
    op.create_index(
        "pending_asked",
        "pending_signature",
        ["campaign_id", "asked_at"],
        unique=False,
        postgresql_where=sa.text("asked_at IS NOT NULL AND reminded_at IS NULL"),
        sqlite_where=sa.text("asked_at IS NOT NULL AND reminded_at IS NULL"),
    )
    op.create_index("pending_mailbox", "pending_signature", ["campaign_id", "mailbox", "created_at"], unique=False)
    op.create_table(
        "signature",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("seat", sa.SmallInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.Column("shown_name", sa.String(length=160), nullable=False),
        sa.Column("shown_role", sa.String(length=300), nullable=False),
        sa.Column("shown_key", FOLDED, nullable=False),
        sa.Column("first", sa.SmallInteger(), nullable=True),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("wording_id", KEY, nullable=False),
        sa.Column("consent_version", KEY, nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("domain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("appear", sa.String(length=8), nullable=False),
        sa.Column("with_role", sa.Boolean(), nullable=False),
        sa.Column("on_behalf", sa.Boolean(), nullable=False),
        sa.Column("network", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id", "consent_version"],
            ["consent.campaign_id", "consent.version"],
            name=op.f("signature_campaign_id_consent_version_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id", "wording_id"],
            ["wording.campaign_id", "wording.id"],
            name=op.f("signature_campaign_id_wording_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("signature_pkey")),
        sa.UniqueConstraint("campaign_id", "mailbox", "seat", name=op.f("signature_campaign_id_mailbox_seat_key")),
    )
    op.create_index(
        "signature_network",
        "signature",
        ["network"],
        unique=False,
        postgresql_where=sa.text("network IS NOT NULL"),
        sqlite_where=sa.text("network IS NOT NULL"),
    )
    op.create_index(
        "signature_first",
        "signature",
        ["campaign_id", "first"],
        unique=False,
        postgresql_where=sa.text(FIRST),
        sqlite_where=sa.text(FIRST),
    )
    op.create_index(
        "signature_shown",
        "signature",
        ["campaign_id", "country", "on_behalf", "shown_key", "id"],
        unique=False,
        postgresql_where=sa.text(SHOWN),
        sqlite_where=sa.text(SHOWN),
    )
    op.create_index("signature_order", "signature", ["campaign_id", "entered_at", "id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("wish", sa.String(length=12), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("proof", sa.String(length=12), nullable=False),
        sa.Column("consent_version", KEY, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.Column("forgets_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("contact_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contact_pkey")),
        sa.UniqueConstraint("campaign_id", "wish", "mailbox", name=op.f("contact_campaign_id_wish_mailbox_key")),
        sa.UniqueConstraint("link_id", name=op.f("contact_link_id_key")),
    )
    op.create_index(
        "contact_of_site",
        "contact",
        ["wish", "mailbox"],
        unique=True,
        postgresql_where=sa.text("campaign_id IS NULL"),
        sqlite_where=sa.text("campaign_id IS NULL"),
    )
    op.create_table(
        "contact_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("wish", sa.String(length=12), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("letter", KEY, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("sent_day", sa.Date(), nullable=True),
        sa.Column("sent_count", KEY, nullable=False),
        sa.Column("told_day", sa.Date(), nullable=True),
        sa.Column("quiet_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("contact_link_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contact_link_pkey")),
        sa.UniqueConstraint("campaign_id", "wish", "mailbox", name=op.f("contact_link_campaign_id_wish_mailbox_key")),
    )
    op.create_index(
        "contact_link_of_site",
        "contact_link",
        ["wish", "mailbox"],
        unique=True,
        postgresql_where=sa.text("campaign_id IS NULL"),
        sqlite_where=sa.text("campaign_id IS NULL"),
    )
    op.create_table(
        "pending_contact",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("wish", sa.String(length=12), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("consent_version", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("pending_contact_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pending_contact_pkey")),
    )
    op.create_index("pending_contact_mailbox", "pending_contact", ["mailbox", "wish", "campaign_id"], unique=False)
    op.create_index(op.f("pending_contact_asked_at"), "pending_contact", ["asked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("pending_contact")
    op.drop_table("contact_link")
    op.drop_table("contact")
    op.drop_table("signature")
    op.drop_table("pending_signature")
