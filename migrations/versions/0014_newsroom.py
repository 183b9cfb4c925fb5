"""A trash for articles, events and topics; when each text was last changed; the order of articles at the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

MOMENT = sa.DateTime(timezone=True)
PIECES = ("article", "event", "topic")


def upgrade() -> None:
    for piece in PIECES:
        op.add_column(piece, sa.Column("trashed_at", MOMENT, nullable=True))
        is_trashed = sa.text("trashed_at IS NOT NULL")
        op.create_index(
            f"{piece}_trash", piece, ["trashed_at"], unique=False, postgresql_where=is_trashed,
            sqlite_where=is_trashed,
        )  # fmt: skip
        # Unknown for texts that were there before; they are as old as each other.
        op.add_column(f"{piece}_text", sa.Column("changed_at", MOMENT, nullable=True))
    op.add_column("article", sa.Column("time_zone", sa.String(length=64), nullable=False, server_default="UTC"))
    op.create_index("article_last_changed", "article", ["changed_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("article_last_changed", table_name="article")
    op.drop_column("article", "time_zone")
    for piece in PIECES:
        op.drop_column(f"{piece}_text", "changed_at")
        op.drop_index(f"{piece}_trash", table_name=piece)
        op.drop_column(piece, "trashed_at")
