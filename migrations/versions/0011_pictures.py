"""Files in chunks, and pictures that organisers choose."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "file",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("size", KEY, nullable=False),
        sa.Column("is_sealed", sa.Boolean(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("file_pkey")),
    )
    op.create_index(op.f("file_ends_at"), "file", ["ends_at"], unique=False)
    op.create_table(
        "file_chunk",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["file.name"], name=op.f("file_chunk_name_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("file_chunk_pkey")),
    )
    op.create_table(
        "picture",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("width", KEY, nullable=False),
        sa.Column("height", KEY, nullable=False),
        sa.Column("unused_since", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("picture_pkey")),
    )
    op.create_table(
        "campaign_picture",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("picture", sa.String(length=32), nullable=False),
        sa.Column("alt", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("campaign_picture_campaign_id_fkey")),
        sa.ForeignKeyConstraint(["picture"], ["picture.name"], name=op.f("campaign_picture_picture_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("campaign_picture_pkey")),
    )
    op.create_index(op.f("campaign_picture_picture"), "campaign_picture", ["picture"], unique=False)


def downgrade() -> None:
    op.drop_table("campaign_picture")
    op.drop_table("picture")
    op.drop_table("file_chunk")
    op.drop_table("file")
