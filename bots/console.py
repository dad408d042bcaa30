"""What a terminal shows: results on stdout, progress and notes on stderr."""

import json as jsonlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import StoreError

if TYPE_CHECKING:
    from structlog.typing import EventDict

    from agent.state import Event
    from retrieval.ingest import Progress

NODES = {
    "plan": "plan the questions",
    "gather": "gather",
    "ledger": "number and compute",
    "outline": "outline in the DAO's format",
    "write": "write",
    "check": "check",
    "review": "review",
    "export": "export",
    "decline": "answer",
}


def say(text: str) -> None:
    """A note for the person, on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


NOTES = {
    "index.rebuilt": "the vector index was built anew from the database's vectors",
    "index.scan": "the vector index is not used, answers come from the database's vectors",
    "index.unreadable": "the vector index could not be read, the answer came from the database's vectors",
    "corpus.not_cached": "the search cache could not be written, searches take longer",
    "ranker.missing": "the learned ranker is not there, search orders by a plain sum of scores",
}


def notes_on_stderr() -> None:
    """What the layers below note goes to stderr, in words, a line each; stdout holds results only."""
    import structlog

    def worded(_: object, method: str, event: "EventDict") -> str:
        name = str(event.pop("event", ""))
        why = event.get("reason") or event.get("why")
        rest = str(why) if why else ", ".join(f"{key}={value}" for key, value in event.items())
        return f"note: {NOTES.get(name, name)}{f' ({rest})' if rest else ''}"

    structlog.configure(processors=[worded], logger_factory=structlog.PrintLoggerFactory(sys.stderr), cache_logger_on_first_use=False)


def show(text: str) -> None:
    """A result, on stdout; characters the terminal cannot show become question marks rather than an error."""
    data = text if text.endswith("\n") else f"{text}\n"
    try:
        sys.stdout.write(data)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(data.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def show_json(value: object) -> None:
    """A result as one JSON document; `value` is made of dicts, lists, text, numbers."""
    show(jsonlib.dumps(value, ensure_ascii=False, indent=2))


def deliver(data: bytes, out: Path | None) -> None:
    """Print bytes, or write them whole to a file. Raises StoreError if it can't be written; the old file then stays."""
    if out is None:
        show(data.decode("utf-8"))
        return
    from agent.export import write_atomic

    write_atomic(out, data)
    say(f"written to {out}")


class Steps:
    """A line for each step of the graph as it ends, with the seconds since the start."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self, event: "Event") -> None:
        """Print one event."""
        if event.phase == "start":
            return
        mark = "✓" if event.phase == "done" else "·"
        detail = f": {event.detail}" if event.detail else ""
        say(f"  {mark} {time.monotonic() - self.began:5.1f} s  {NODES.get(event.node, event.node)}{detail}")


@contextmanager
def bar(label: str) -> Iterator["Bar"]:
    """A progress bar on stderr with rate and time left; quiet lines where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Rich

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Rich(*columns, console=console, transient=not console.is_terminal) as rich:
        yield Bar(rich, label)


class Bar:
    """Takes the progress of ingest (bytes, rows) or of any job (done, total)."""

    def __init__(self, rich: object, label: str) -> None:
        from rich.progress import Progress as Rich

        assert isinstance(rich, Rich)
        self._rich = rich
        self._task = rich.add_task(label, total=None, rate="")
        self._began = time.monotonic()

    def rows(self, progress: "Progress") -> None:
        """Ingest: bytes done of all, rows a second."""
        self._rich.update(
            self._task,
            description=progress.path.name,
            completed=progress.done,
            total=progress.total,
            rate=f"{progress.rows:,} rows, {progress.rate:,.0f}/s",
        )

    def count(self, done: int, total: int) -> None:
        """Any job: done of total."""
        rate = done / max(time.monotonic() - self._began, 1e-6)
        self._rich.update(self._task, completed=done, total=total, rate=f"{rate:,.0f}/s")


def must_read(path: Path, what: str) -> bytes:
    """A file's bytes. Raises StoreError in one sentence."""
    try:
        return path.read_bytes()
    except OSError as problem:
        from bots.wiring import why

        raise StoreError(f"{what}: cannot read '{path}' ({why(problem)})") from problem
