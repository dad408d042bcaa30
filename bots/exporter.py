"""Drafts as files: rendered in a format, and the set of files an approved draft is delivered as."""

from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import DataError, StoreError
from agent.export import Exported, ExportOptions, export, manifest, write_atomic
from agent.rules import load as load_pack
from agent.schemas import Draft, ExportFormat

if TYPE_CHECKING:
    from retrieval.journal import Journal

ALWAYS: tuple[ExportFormat, ...] = ("md", "json", "discourse")


def render(draft: Draft, format_: ExportFormat, calls: Path | None = None) -> Exported:
    """The draft's bytes in a format, within the limits of its DAO's venue. Raises InputError, DataError."""
    limits = load_pack(draft.dao).limits
    if format_ != "governor":
        return export(draft, format_, ExportOptions(body_limit=limits.body, choices_limit=limits.choices))
    from tools.governor_id import keccak256, proposal_id, read_actions

    actions = read_actions(calls) if calls is not None else None
    return export(draft, format_, ExportOptions(keccak=keccak256, proposal_id=proposal_id, actions=actions))


class FileExporter:
    """Satisfies `agent.state.Exporter`: a folder a draft under `folder`, and the same bytes in the journal."""

    def __init__(self, folder: Path, journal: "Journal") -> None:
        self.folder = folder
        self.journal = journal

    async def export(self, draft: Draft, approved_by: str) -> tuple[str, ...]:
        """Write every format that fits the draft's venue, each with its manifest. Raises StoreError if the folder can't be written."""
        approved = draft.model_copy(update={"provenance": draft.provenance.model_copy(update={"approved_by": (approved_by,)})})
        target = self.folder / f"{draft.run}-{draft.sha256[:12]}"
        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise StoreError(f"export: cannot make the folder '{target}' ({problem.strerror})") from problem
        paths = []
        for format_ in (*ALWAYS, *self._venue(draft)):
            frozen = render(approved, format_)
            await self.journal.export(draft.sha256, format_, frozen.data)
            write_atomic(target / frozen.filename, frozen.data)
            write_atomic(target / f"{frozen.filename}.manifest.json", manifest(frozen, approved))
            paths.append(str(target / frozen.filename))
        return tuple(paths)

    def _venue(self, draft: Draft) -> tuple[ExportFormat, ...]:
        venue = load_pack(draft.dao).venue(draft.type or "")
        return ("governor", "snapshot") if venue == "governor" else ("snapshot",) if venue == "snapshot" else ()


def must_be_draft(data: bytes, name: str) -> Draft:
    """A draft from its JSON. Raises DataError naming what is wrong where."""
    from pydantic import ValidationError

    try:
        return Draft.model_validate_json(data)
    except ValidationError as bad:
        first = bad.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"draft: {name} is not a draft in JSON{f' (at {where})' if where else ''}: {first['msg']}") from bad
