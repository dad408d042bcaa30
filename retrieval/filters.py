"""Which proposals a search may find: as a test of a head, and as far as Chroma can say it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.store import Head

UNDATED = -1  # what Chroma keeps as `created` of a proposal without a date


@dataclass(frozen=True, slots=True)
class Filter:
    """None and an empty `status` allow everything."""

    dao: str | None = None
    rows: frozenset[int] | None = None
    status: frozenset[str] = frozenset()
    type: str | None = None
    lang: str | None = None
    before: datetime | None = None

    @classmethod
    def of(
        cls,
        *,
        dao: str | None,
        rows: Collection[int] | None,
        status: str | Sequence[str],
        type: str | None,
        lang: str | None,
        before: datetime | None,
    ) -> "Filter":
        """From what callers like to pass: one status or several, rows of any kind."""
        among = frozenset({status} if isinstance(status, str) and status else status)
        return cls(dao, None if rows is None else frozenset(rows), among, type, lang, before)

    def allows(self, head: "Head") -> bool:
        """Exact. An undated proposal passes `before` only if `rows` names it."""
        return (
            (self.rows is None or head.row in self.rows)
            and self.dao in (None, head.dao)
            and (not self.status or head.status in self.status)
            and self.type in (None, head.type)
            and self.lang in (None, head.lang)
            and (self.before is None or (head.created <= self.before if head.created else self.rows is not None))
        )

    def where(self) -> dict[str, object] | None:
        """Chroma's filter: lets through all that is allowed and, of the undated and of the same second, some more."""
        parts: list[dict[str, object]] = []
        parts += [{"dao": self.dao}] if self.dao is not None else []
        parts += [{"status": {"$in": sorted(self.status)}}] if self.status else []
        parts += [{"type": self.type}] if self.type is not None else []
        parts += [{"lang": self.lang}] if self.lang is not None else []
        parts += [{"created": {"$lte": int(self.before.timestamp())}}] if self.before is not None else []
        return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None
