"""Read files into the store: again and again without harm, going on after a kill, past every bad row."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import SpooledTemporaryFile

from agent.errors import InputError, StoreError
from retrieval import ingest_jsonl, ingest_markdown
from retrieval.ingest_job import Job, Skip, Tallies
from retrieval.store import Counts, Store

SHOWN = 1000  # skipped rows a report keeps in memory; skipped.jsonl holds them all
MARKDOWN_BATCH = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `done` and `total` are bytes of the files on disk; `rate` is rows a second of this run."""

    path: Path
    done: int
    total: int
    rows: int
    rate: float


@dataclass(frozen=True, slots=True)
class Report:
    """What became of everything. `rows` counts every row seen, `counts` the proposals, `records` series, posts and charts."""

    files: int
    rows: int
    counts: Counts
    records: Counts
    skipped: int
    skips: tuple[Skip, ...]
    """The first of them."""
    skipped_file: Path | None
    seconds: float

    def sentence(self) -> str:
        """One line: the first row that was skipped, if any, and how many are stored."""
        if not self.skipped:
            return f"ingest: {self.rows:,} rows stored"
        where = f" (see {self.skipped_file})" if self.skipped_file else ""
        first = self.skips[0]
        return f"ingest: {first.where}: {first.reason}; {self.rows - self.skipped:,} of {self.rows:,} rows stored, {self.skipped:,} skipped{where}"


@dataclass(slots=True)
class _Sum:
    """Running totals over the files that are through."""

    bytes: int = 0
    rows: int = 0
    resumed: int = 0
    counts: Counts = field(default_factory=Counts)
    records: Counts = field(default_factory=Counts)
    skipped: int = 0
    skips: list[Skip] = field(default_factory=list)

    def take(self, tallies: Tallies, skips: Iterable[Skip], out: "_SkipFile") -> None:
        """Add what a file gave."""
        self.rows += tallies.rows
        self.counts += tallies.counts
        self.records += tallies.records
        self.skipped += tallies.skipped
        for skip in skips:
            out.write(skip)
            if len(self.skips) < SHOWN:
                self.skips.append(skip)


def ingest_files(
    store: Store,
    paths: Sequence[Path],
    *,
    dao: str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    skipped: Path | None = None,
) -> Report:
    """Ingest JSONL (plain or gzip) and Markdown files, or folders of them. `dao` is used where a row names none.

    `skipped`: folder that skipped.jsonl is written to, if anything was skipped.
    Raises InputError (a path is missing, or there is nothing to read; nothing was stored then) and StoreError
    (what was stored stays, and the same call goes on from there).
    """
    files = find(paths)
    started, total, whole = time.monotonic(), sum(size for _, size in files), _Sum()

    def tell(path: Path, done: int, rows: int, resumed: int) -> None:
        seconds = max(time.monotonic() - started, 1e-6)
        progress(
            Progress(
                path, min(whole.bytes + done, total), total, whole.rows + rows, (whole.rows - whole.resumed + rows - resumed) / seconds
            )
        )

    with _SkipFile(skipped) as out:
        for markdown, group in _groups(files):
            if markdown:
                tallies, skips = ingest_markdown.ingest(store, [path for path, _ in group], dao)
                whole.take(tallies, skips, out)
            else:
                job = Job(store, group[0][0], dao, lambda job: tell(job.path, job.done, job.tallies.rows, job.resumed))
                if not job.tallies.through:
                    ingest_jsonl.ingest(job)
                whole.take(job.tallies, job.skips(), out)
                whole.resumed += job.resumed
                job.finish()
            whole.bytes += sum(size for _, size in group)
            tell(group[-1][0], 0, 0, 0)
    return Report(
        files=len(files),
        rows=whole.rows,
        counts=whole.counts,
        records=whole.records,
        skipped=whole.skipped,
        skips=tuple(whole.skips),
        skipped_file=out.path if out.rows else None,
        seconds=time.monotonic() - started,
    )


def _groups(files: Sequence[tuple[Path, int]]) -> Iterator[tuple[bool, list[tuple[Path, int]]]]:
    """Markdown files by the hundred, JSONL files one by one, in the same order."""
    for markdown, run in groupby(files, key=lambda file: file[0].suffix.lower() in ingest_markdown.SUFFIXES):
        each = list(run)
        step = MARKDOWN_BATCH if markdown else 1
        for start in range(0, len(each), step):
            yield markdown, each[start : start + step]


def find(paths: Sequence[Path]) -> list[tuple[Path, int]]:
    """The files to read, each with its size in bytes; folders give theirs in order of name.

    Raises InputError if a path is missing or can't be read, or a folder holds nothing to read.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and _wanted(each, path))
            if not inside:
                raise InputError(f"ingest: no .md, .mdx, .jsonl or .jsonl.gz file under '{path}'")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"ingest: no such file or folder '{path}'")
    if not found:
        raise InputError("ingest: name a file or a folder")
    try:
        for path in found:
            path.open("rb").close()
        return [(path, path.stat().st_size) for path in dict.fromkeys(found)]
    except OSError as error:
        raise InputError(f"ingest: cannot read '{error.filename}': {error.strerror}") from error


def _wanted(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and (path.suffix.lower() in ingest_markdown.SUFFIXES or ingest_jsonl.is_jsonl(path)) and path.name != "skipped.jsonl"


class _SkipFile:
    """Puts skipped.jsonl in place at once when all is done, so that a kill leaves the last run's whole or this run's whole."""

    def __init__(self, folder: Path | None) -> None:
        self.path = folder / "skipped.jsonl" if folder else None
        self.rows = 0
        self._spool = SpooledTemporaryFile(max_size=2**20)  # noqa: SIM115 - closed on the way out

    def write(self, skip: Skip) -> None:
        """Add a row {file, line, reason}."""
        self.rows += 1
        if self.path is not None:
            row = json.dumps({"file": str(skip.file), "line": skip.line, "reason": skip.reason}, ensure_ascii=False)
            self._spool.write(row.encode(errors="replace") + b"\n")

    def __enter__(self) -> "_SkipFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if self.path is not None and kind is None:
                self._place(self.path)
        except OSError as error:
            raise StoreError(f"ingest: cannot write '{self.path}': {error.strerror}; the rows are stored") from error
        finally:
            self._spool.close()

    def _place(self, path: Path) -> None:
        if not self.rows:
            path.unlink(missing_ok=True)  # a report of an earlier run would mislead
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".skipped.{os.getpid()}.part")
        self._spool.seek(0)
        with part.open("wb") as file:
            shutil.copyfileobj(self._spool, file)
        part.replace(path)
