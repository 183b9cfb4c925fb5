"""The journal, which nobody can change."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

#: The journal refuses to be changed, on both databases.
SQLITE = tuple(
    f"CREATE TRIGGER journal_no_{deed.lower()} BEFORE {deed} ON journal"
    " BEGIN SELECT RAISE(ABORT, 'the journal cannot be changed'); END"
    for deed in ("UPDATE", "DELETE")
)
POSTGRESQL = (
    """CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the journal cannot be changed'; END $$""",
    """CREATE TRIGGER journal_refuses BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuses()""",
)


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("deed", sa.String(length=60), nullable=False),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("about", KEY, nullable=True),
        sa.Column("count", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("journal_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("journal_pkey")),
    )
    op.create_index(op.f("journal_campaign_id"), "journal", ["campaign_id"], unique=False)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("journal")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION journal_refuses()")
