"""What was erased at somebody's own wish, so that a restored backup does not bring it back."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", KEY, nullable=False, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("deed", sa.String(length=40), nullable=False),
        sa.Column("link", sa.Uuid(), nullable=True),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="erasure_pkey"),
    )
    op.create_index("erasure_at", "erasure", ["at"])


def downgrade() -> None:
    op.drop_table("erasure")
