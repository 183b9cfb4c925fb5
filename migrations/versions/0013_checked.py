"""When somebody looked last whether a text in another language still says what the first one says."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "wording_check",
        sa.Column("wording_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["wording_id"], ["wording.id"], name=op.f("wording_check_wording_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("wording_id", name=op.f("wording_check_pkey")),
    )


def downgrade() -> None:
    op.drop_table("wording_check")
