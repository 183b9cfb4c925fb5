"""Deciding about many: rules, what each run touched, blocks, objections, what waits to be shown, decisions by day."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ASIDE = sa.text("state <> 'counted'")
WATCHING = sa.text("watching")
OPEN = sa.text("answered_at IS NULL")


def upgrade() -> None:
    _rules()
    _people()
    op.create_table(
        "decided_day",
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("n", KEY, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="decided_day_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("campaign_id", "day", "kind", name="decided_day_pkey"),
    )
    op.create_index(
        "signature_aside", "signature", ["campaign_id", "state", "domain"], postgresql_where=ASIDE, sqlite_where=ASIDE
    )


def _rules() -> None:
    op.create_table(
        "rule",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("verb", sa.String(length=10), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tell", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("job_id", KEY, nullable=True),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.Column("figures_at", MOMENT, nullable=True),
        sa.Column("watching", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="rule_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="rule_pkey"),
    )
    op.create_index("rule_campaign", "rule", ["campaign_id", "id"])
    op.create_index("rule_watching", "rule", ["campaign_id"], postgresql_where=WATCHING, sqlite_where=WATCHING)
    op.create_table(
        "rule_run",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("rule_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("back_of", KEY, nullable=True),
        sa.Column("job_id", KEY, nullable=True),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("expected", KEY, nullable=False),
        sa.Column("touched", KEY, nullable=False),
        sa.Column("skipped", KEY, nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["back_of"], ["rule_run.id"], name="rule_run_back_of_fkey"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="rule_run_campaign_id_fkey"),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name="rule_run_rule_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="rule_run_pkey"),
    )
    op.create_index("rule_run_rule", "rule_run", ["rule_id", "id"])
    op.create_index("rule_run_campaign", "rule_run", ["campaign_id"])
    op.create_table(
        "rule_touched",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("signature_id", KEY, nullable=False),
        sa.Column("former", sa.String(length=8), nullable=False),
        sa.Column("move_id", KEY, nullable=False),
        sa.Column("is_back", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="rule_touched_campaign_id_fkey"),
        sa.ForeignKeyConstraint(["run_id"], ["rule_run.id"], name="rule_touched_run_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="rule_touched_pkey"),
        sa.UniqueConstraint("run_id", "signature_id", name="rule_touched_run_id_signature_id_key"),
    )
    op.create_index("rule_touched_campaign", "rule_touched", ["campaign_id"])


def _people() -> None:
    op.create_table(
        "block",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="block_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="block_pkey"),
        sa.UniqueConstraint("campaign_id", "key", name="block_campaign_id_key_key"),
    )
    op.create_table(
        "objection",
        sa.Column("id", KEY, nullable=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("signature_id", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="objection_campaign_id_fkey"),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["signature.id"], name="objection_signature_id_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="objection_pkey"),
    )
    op.create_index("objection_signature", "objection", ["signature_id"])
    op.create_index("objection_open", "objection", ["campaign_id", "at"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_table(
        "moderation",
        sa.Column("campaign_id", KEY, nullable=False, autoincrement=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="moderation_campaign_id_fkey"),
        sa.PrimaryKeyConstraint("campaign_id", name="moderation_pkey"),
    )
    op.create_table(
        "unshown",
        sa.Column("id", KEY, nullable=False, autoincrement=False),
        sa.Column("campaign_id", KEY, nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="unshown_campaign_id_fkey"),
        sa.ForeignKeyConstraint(["id"], ["signature.id"], name="unshown_id_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="unshown_pkey"),
    )
    op.create_index("unshown_waiting", "unshown", ["campaign_id", "hidden", "at", "id"])


def downgrade() -> None:
    op.drop_index("signature_aside", "signature")
    for name in ("unshown", "moderation", "objection", "block", "rule_touched", "rule_run", "rule", "decided_day"):
        op.drop_table(name)
