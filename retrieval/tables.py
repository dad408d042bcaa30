"""The tables. `migrations/versions` holds the same as steps; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

REVISIONS = ("0001",)
"""Every migration this code knows, oldest first; the last one is what `tables` describes."""

APPEND_ONLY = ("proposal_version", "evidence", "draft", "check_result", "review", "feedback", "export")
"""Tables whose rows can never be changed or deleted: triggers refuse it in the database itself."""


class UtcTime(TypeDecorator[datetime]):
    """An instant in UTC, to the microsecond. SQLite holds it as sortable text, PostgreSQL as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- proposals ------------------------------------------------------------------------------

proposal_version = Table(
    "proposal_version",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("dao", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("body_sha256", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("type", Text),
    Column("lang", Text, nullable=False),
    Column("created", UtcTime),
    Column("author", Text),
    Column("url", Text),
    Column("stored", UtcTime, nullable=False),
    Column("fields", Text, nullable=False),  # canonical JSON of every other field
    Column("body", Text, nullable=False),  # last: listings never read its pages
    UniqueConstraint("dao", "id", "sha256"),
    Index("ix_proposal_version_body", "dao", "id", "body_sha256"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("dao", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # the current version
    UniqueConstraint("dao", "id"),
    ForeignKeyConstraint(
        ["dao", "id", "sha256"], ["proposal_version.dao", "proposal_version.id", "proposal_version.sha256"], name="fk_proposal_version"
    ),
)

generation = Table(
    "generation",
    metadata,
    Column("dao", Text, primary_key=True),  # "" stands for all of them
    Column("token", Text, nullable=False),  # random, new at every change: a restored backup can't repeat one
)

vector = Table(
    "vector",
    metadata,
    Column("model", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # float32, little-endian
)

# --- ingest ---------------------------------------------------------------------------------

ingest_progress = Table(
    "ingest_progress",
    metadata,
    Column("job", Text, primary_key=True),  # hash of the file's bytes and the options
    Column("path", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),  # bytes of text already stored
    Column("line", Integer, nullable=False),
    Column("counts", Text, nullable=False),  # JSON
    Column("updated", UtcTime, nullable=False),
)

ingest_skipped = Table(
    "ingest_skipped",
    metadata,
    Column("job", Text, ForeignKey("ingest_progress.job", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
)

# --- records --------------------------------------------------------------------------------

series = Table(
    "series",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("dao", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("label_zh", Text),
    Column("unit", Text, nullable=False),
    Column("url", Text),
    UniqueConstraint("dao", "metric", "source"),
)

point = Table(
    "point",
    metadata,
    Column("series", Integer, ForeignKey("series.seq"), primary_key=True),
    Column("time", UtcTime, primary_key=True),
    Column("value", Float(53), nullable=False),
)

post = Table(
    "post",
    metadata,
    Column("dao", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("time", UtcTime, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON of the Post
    Index("ix_post_time", "dao", "time"),
)

chart = Table(
    "chart",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("dao", Text, primary_key=True),
    Column("content", Text, nullable=False),
)

# --- decisions ------------------------------------------------------------------------------

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("dao", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("begun", UtcTime, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("id", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("run", "id", "content_sha256"),
)

draft = Table(
    "draft",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("run", Text, ForeignKey("run.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("dao", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("writer", Text, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("stored", UtcTime, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("sha256"),
    Index("ix_draft_run", "run"),
)

check_result = Table(
    "check_result",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("draft", Text, ForeignKey("draft.sha256"), nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("draft", "content_sha256"),
)

review = Table(
    "review",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("draft", Text, ForeignKey("draft.sha256"), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("n", Integer, nullable=False),  # this reviewer's first, second, ... word on the draft
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", UtcTime, nullable=False),
    UniqueConstraint("draft", "reviewer", "n"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("draft", Text, ForeignKey("draft.sha256"), nullable=False),
    Column("person", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("value", Integer, nullable=False),  # -1, 0 or 1
    Column("note", Text, nullable=False),
    Column("time", UtcTime, nullable=False),
    UniqueConstraint("draft", "person", "n"),
)

export = Table(
    "export",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("draft", Text, ForeignKey("draft.sha256"), nullable=False),
    Column("format", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # the exact bytes that were handed out
    Column("time", UtcTime, nullable=False),
    UniqueConstraint("draft", "format", "sha256"),
)
