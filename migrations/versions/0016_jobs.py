"""Work longer than a request."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("parameters", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done", KEY, nullable=False),
        sa.Column("total", KEY, nullable=True),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("trouble", sa.String(length=60), nullable=False),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("lease", KEY, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="job_account_id_fkey", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="job_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="job_pkey"),
    )
    is_open = sa.text("state IN ('waiting', 'running')")
    op.create_index("job_open", "job", ["created_at"], postgresql_where=is_open, sqlite_where=is_open)
    op.create_index("job_campaign", "job", ["campaign_id", "kind", "created_at"])


def downgrade() -> None:
    op.drop_table("job")
