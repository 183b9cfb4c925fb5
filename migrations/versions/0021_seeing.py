"""What the desk sees: who was asked and who answered, hours of the register, and indexes for its pages."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

#: What came and left in each hour of the moves that are folded up already.
HOURS = """INSERT INTO tally (campaign_id, dimension, value, amount)
    SELECT campaign_id, CASE WHEN amount > 0 THEN 'came' ELSE 'left' END, {hour}, sum(abs(amount)) FROM move
    WHERE number IS NOT NULL AND kind <> 'corrected' AND amount <> 0 GROUP BY 1, 2, 3"""
SQLITE = "strftime('%Y-%m-%dT%H', at)"
POSTGRESQL = "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')"


def upgrade() -> None:
    op.add_column("link", sa.Column("asked_at", MOMENT, nullable=True))
    _index("link_asked", "link", ["campaign_id", "asked_at"], "asked_at IS NOT NULL")
    _index("letter_failed", "letter", ["campaign_id", "settled_at"], "state = 'failed'")
    op.create_index("journal_page", "journal", ["campaign_id", "at", "id"], unique=False)
    op.drop_index(op.f("journal_campaign_id"), table_name="journal")
    op.create_table(
        "answer",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("asked", KEY, nullable=False),
        sa.Column("at_once", KEY, nullable=False),
        sa.Column("within_an_hour", KEY, nullable=False),
        sa.Column("within_a_day", KEY, nullable=False),
        sa.Column("later", KEY, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("answer_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", "hour", name=op.f("answer_pkey")),
    )
    op.create_table(
        "answer_head",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("answer_head_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("answer_head_pkey")),
    )
    op.execute(HOURS.format(hour=SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL))


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=False, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def downgrade() -> None:
    op.execute("DELETE FROM tally WHERE dimension IN ('came', 'left')")
    op.drop_table("answer_head")
    op.drop_table("answer")
    op.create_index(op.f("journal_campaign_id"), "journal", ["campaign_id"], unique=False)
    op.drop_index("journal_page", table_name="journal")
    op.drop_index("letter_failed", table_name="letter")
    op.drop_index("link_asked", table_name="link")
    op.drop_column("link", "asked_at")
