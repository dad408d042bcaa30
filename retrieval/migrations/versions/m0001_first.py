"""The first tables, and the triggers that keep decisions append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = ("proposal_version", "evidence", "draft", "check_result", "review", "feedback", "export")


def upgrade() -> None:
    _proposals()
    _ingest()
    _records()
    _decisions()
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {change} refused'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION daoclerk_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION daoclerk_append_only()"
    )


def _proposals() -> None:
    op.create_table(
        "proposal_version",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("stored", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_proposal_version"),
        sa.UniqueConstraint("dao", "id", "sha256", name="uq_proposal_version_dao_id_sha256"),
    )
    op.create_index("ix_proposal_version_body", "proposal_version", ["dao", "id", "body_sha256"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dao", "id", "sha256"], ["proposal_version.dao", "proposal_version.id", "proposal_version.sha256"], name="fk_proposal_version"
        ),
        sa.PrimaryKeyConstraint("row", name="pk_proposal"),
        sa.UniqueConstraint("dao", "id", name="uq_proposal_dao_id"),
    )
    op.create_table(
        "generation",
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dao", name="pk_generation"),
    )
    op.create_table(
        "vector",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("model", "key", name="pk_vector"),
    )


def _ingest() -> None:
    op.create_table(
        "ingest_progress",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_ingest_progress"),
    )
    op.create_table(
        "ingest_skipped",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["ingest_progress.job"], name="fk_ingest_skipped_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "line", name="pk_ingest_skipped"),
    )


def _records() -> None:
    op.create_table(
        "series",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("label_zh", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_series"),
        sa.UniqueConstraint("dao", "metric", "source", name="uq_series_dao_metric_source"),
    )
    op.create_table(
        "point",
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["series"], ["series.seq"], name="fk_point_series"),
        sa.PrimaryKeyConstraint("series", "time", name="pk_point"),
    )
    op.create_table(
        "post",
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dao", "id", name="pk_post"),
    )
    op.create_index("ix_post_time", "post", ["dao", "time"], unique=False)
    op.create_table(
        "chart",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "dao", name="pk_chart"),
    )


def _decisions() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("begun", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_table(
        "evidence",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_evidence_run"),
        sa.PrimaryKeyConstraint("seq", name="pk_evidence"),
        sa.UniqueConstraint("run", "id", "content_sha256", name="uq_evidence_run_id_content_sha256"),
    )
    op.create_table(
        "draft",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dao", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("stored", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_draft_run"),
        sa.PrimaryKeyConstraint("seq", name="pk_draft"),
        sa.UniqueConstraint("sha256", name="uq_draft_sha256"),
    )
    op.create_index("ix_draft_run", "draft", ["run"], unique=False)
    op.create_table(
        "check_result",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["draft"], ["draft.sha256"], name="fk_check_result_draft"),
        sa.PrimaryKeyConstraint("seq", name="pk_check_result"),
        sa.UniqueConstraint("draft", "content_sha256", name="uq_check_result_draft_content_sha256"),
    )
    op.create_table(
        "review",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["draft"], ["draft.sha256"], name="fk_review_draft"),
        sa.PrimaryKeyConstraint("seq", name="pk_review"),
        sa.UniqueConstraint("draft", "reviewer", "n", name="uq_review_draft_reviewer_n"),
    )
    op.create_table(
        "feedback",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["draft"], ["draft.sha256"], name="fk_feedback_draft"),
        sa.PrimaryKeyConstraint("seq", name="pk_feedback"),
        sa.UniqueConstraint("draft", "person", "n", name="uq_feedback_draft_person_n"),
    )
    op.create_table(
        "export",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["draft"], ["draft.sha256"], name="fk_export_draft"),
        sa.PrimaryKeyConstraint("seq", name="pk_export"),
        sa.UniqueConstraint("draft", "format", "sha256", name="uq_export_draft_format_sha256"),
    )
