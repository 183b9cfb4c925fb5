"""What is made now and then for public pages: pictures to share, breakdowns."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "share_picture",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("facts", sa.String(length=64), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("share_picture_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "language", name=op.f("share_picture_pkey")),
    )
    op.create_table(
        "breakdown",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("dimension", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("breakdown_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "dimension", name=op.f("breakdown_pkey")),
    )


def downgrade() -> None:
    op.drop_table("breakdown")
    op.drop_table("share_picture")
