"""The desk: accounts, their sessions, grants, and guesses at the door."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("uniquifier", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("factor", sa.LargeBinary(), nullable=True),
        sa.Column("factor_method", sa.String(length=20), nullable=True),
        sa.Column("factor_counter", KEY, nullable=True),
        sa.Column("recovery_codes", sa.JSON(), nullable=True),
        sa.Column("invitation", sa.Uuid(), nullable=True),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("joined_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        sa.UniqueConstraint("address", name=op.f("account_address_key")),
        sa.UniqueConstraint("uniquifier", name=op.f("account_uniquifier_key")),
        sa.UniqueConstraint("invitation", name=op.f("account_invitation_key")),
    )
    op.create_table(
        "account_session",
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("device", sa.String(length=60), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("account_session_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("account_session_pkey")),
    )
    op.create_index(op.f("account_session_account_id"), "account_session", ["account_id"], unique=False)
    op.create_table(
        "grant",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "scope IN ('site', 'campaign') AND (scope = 'site') = (campaign_id IS NULL)", name=op.f("grant_scope_check")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("grant_account_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("grant_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("grant_pkey")),
    )
    for name, columns, condition in (
        ("grant_site", ["account_id"], "campaign_id IS NULL"),
        ("grant_campaign", ["account_id", "campaign_id"], "campaign_id IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "grant", columns, unique=True, postgresql_where=where, sqlite_where=where)
    op.create_index("grant_team", "grant", ["campaign_id"], unique=False)
    op.create_table(
        "guess",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hour", KEY, autoincrement=False, nullable=False),
        sa.Column("n", KEY, nullable=False),
        sa.PrimaryKeyConstraint("key", "hour", name=op.f("guess_pkey")),
    )


def downgrade() -> None:
    op.drop_table("guess")
    op.drop_table("grant")
    op.drop_table("account_session")
    op.drop_table("account")
