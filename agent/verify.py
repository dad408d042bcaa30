"""Re-check a stored or exported draft: its own hash, every check, and its evidence against the stored sources."""

import hashlib
from collections.abc import Iterable

from agent.checks.draft import check
from agent.checks.places import concluded, finding
from agent.checks.resolve import Sources, resolve
from agent.ledger import canonical
from agent.schemas import CheckResult, Draft

__all__ = ["Sources", "failing", "verify"]


def verify(draft: Draft, sources: Sources) -> list[CheckResult]:
    """All results, errors and passes. Raises StoreError if the sources cannot be read."""
    return [*sealed(draft), *check(draft), *resolve(draft, sources)]


def sealed(draft: Draft) -> list[CheckResult]:
    """Whether the bytes are those that `sha256` names."""
    actual = hashlib.sha256(canonical(draft)).hexdigest()
    found = []
    if draft.sha256 != actual:
        found.append(
            finding(
                "draft.sealed",
                "error",
                "draft",
                f"the draft was changed after it was sealed: its hash is {actual[:16]}, not '{draft.sha256[:16]}'",
            )
        )
    return concluded("draft.sealed", found, f"sealed as {actual[:16]}")


def failing(results: Iterable[CheckResult]) -> list[CheckResult]:
    """The errors: what makes `daoclerk verify` end with 1."""
    return [result for result in results if result.level == "error"]
