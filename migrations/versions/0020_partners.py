"""Partners: sites that carry a campaign's form under a name, their people, figures and contacts."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "partner",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("homepage", sa.String(length=300), nullable=False),
        sa.Column("sites", sa.JSON(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("terms_version", KEY, nullable=False),
        sa.Column("switched_off_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("partner_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("partner_pkey")),
        sa.UniqueConstraint("campaign_id", "key", name=op.f("partner_campaign_id_key_key")),
    )
    op.create_table(
        "partner_terms",
        sa.Column("partner_id", KEY, autoincrement=False, nullable=False),
        sa.Column("version", KEY, autoincrement=False, nullable=False),
        sa.Column("responsible", sa.String(length=200), nullable=False),
        sa.Column("responsible_address", sa.String(length=200), nullable=False),
        sa.Column("asks", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("partner_terms_partner_id_fkey")),
        sa.PrimaryKeyConstraint("partner_id", "version", name=op.f("partner_terms_pkey")),
    )
    op.create_table(
        "partner_figures",
        sa.Column("partner_id", KEY, autoincrement=False, nullable=False),
        sa.Column("dimension", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("partner_figures_partner_id_fkey")),
        sa.PrimaryKeyConstraint("partner_id", "dimension", name=op.f("partner_figures_pkey")),
    )
    op.create_table(
        "partner_grant",
        sa.Column("account_id", KEY, autoincrement=False, nullable=False),
        sa.Column("partner_id", KEY, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("partner_grant_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("partner_grant_partner_id_fkey")),
        sa.PrimaryKeyConstraint("account_id", "partner_id", name=op.f("partner_grant_pkey")),
    )
    op.create_index(op.f("partner_grant_partner_id"), "partner_grant", ["partner_id"], unique=False)
    op.add_column("pending_signature", sa.Column("partner_version", KEY, nullable=True))
    op.add_column("contact", sa.Column("partner_version", KEY, nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "partner_version")
    op.drop_column("pending_signature", "partner_version")
    op.drop_table("partner_grant")
    op.drop_table("partner_figures")
    op.drop_table("partner_terms")
    op.drop_table("partner")
