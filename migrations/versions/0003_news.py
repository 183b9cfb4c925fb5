"""Topics and articles."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

#: A 64-bit key that SQLite can number by itself.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("first_language", sa.String(length=12), nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("topic_pkey")),
        sa.UniqueConstraint("slug", name=op.f("topic_slug_key")),
    )
    op.create_table(
        "topic_slug",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("topic_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("topic_slug_topic_id_fkey")),
        sa.PrimaryKeyConstraint("slug", name=op.f("topic_slug_pkey")),
    )
    op.create_table(
        "topic_text",
        sa.Column("topic_id", KEY, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("standfirst", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("topic_text_topic_id_fkey")),
        sa.PrimaryKeyConstraint("topic_id", "language", name=op.f("topic_text_pkey")),
    )
    op.create_table(
        "article",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("first_language", sa.String(length=12), nullable=False),
        sa.Column("authors", sa.String(length=300), nullable=False),
        sa.Column("topic_id", KEY, nullable=True),
        sa.Column("campaign_id", KEY, nullable=True),
        sa.Column("is_update", sa.Boolean(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("article_campaign_id_fkey")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("article_topic_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("article_pkey")),
        sa.UniqueConstraint("slug", name=op.f("article_slug_key")),
    )
    op.create_index("article_newest", "article", ["published_at", "id"], unique=False)
    op.create_index("article_of_campaign", "article", ["campaign_id", "published_at", "id"], unique=False)
    op.create_index("article_of_topic", "article", ["topic_id", "published_at", "id"], unique=False)
    op.create_table(
        "article_slug",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("article_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("article_slug_article_id_fkey")),
        sa.PrimaryKeyConstraint("slug", name=op.f("article_slug_pkey")),
    )
    op.create_table(
        "article_text",
        sa.Column("id", KEY, nullable=False),
        sa.Column("article_id", KEY, nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("standfirst", sa.Text(), nullable=False),
        sa.Column("text_language", sa.String(length=12), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("article_text_article_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("article_text_pkey")),
        sa.UniqueConstraint("article_id", "language", name=op.f("article_text_article_id_language_key")),
    )


def downgrade() -> None:
    op.drop_table("article_text")
    op.drop_table("article_slug")
    op.drop_table("article")
    op.drop_table("topic_text")
    op.drop_table("topic_slug")
    op.drop_table("topic")
