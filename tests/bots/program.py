"""The real program in a process of its own, on a home that holds the sample DAO and its vector index."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import missing

ROOT = Path(__file__).parents[2]
CHART = ROOT / "bots" / "sample" / "charts" / "nft-sales.png"
Done = subprocess.CompletedProcess[str]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "DAOCLERK_HOME": str(home), "OMP_NUM_THREADS": "1"}


def program(home: Path, *words: object, seconds: float = 120, **more: str) -> Done:
    """Run to the end. `more`: further environment variables."""
    command = [sys.executable, "-m", "bots.cli", *map(str, words)]
    env = environment(home) | more
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=seconds, check=False)


def start(home: Path, *words: object) -> "subprocess.Popen[str]":
    """Run in the background, in a process group of its own."""
    command = [sys.executable, "-m", "bots.cli", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(home),
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        preexec_fn=_hears_the_keyboard,  # noqa: PLW1509  (one call into C, no lock)
    )


def _hears_the_keyboard() -> None:
    """A suite that was itself started in the background hands down an ignored SIGINT; a terminal does not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def said(done: Done, code: int, *parts: str) -> str:
    """The one sentence a failure is answered with."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("daoclerk: ")]
    assert len(lines) == 1, done.stderr
    assert "unexpected" not in lines[0], lines[0]
    for part in parts:
        assert part in lines[0], lines[0]
    return lines[0]


def well(done: Done) -> Done:
    """Done, and nothing complained."""
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def notes(done: Done) -> list[str]:
    """Notes about the vector index on stderr."""
    return [line for line in done.stderr.splitlines() if line.startswith("note: ") and "vector index" in line]


def furnish(home: Path, pattern: Path) -> Path:
    """A copy of a home; the embedding model's file, which nothing writes to, is shared."""
    home.mkdir(parents=True, exist_ok=True)
    for part in pattern.iterdir():
        if part.name == "models":
            (home / "models").symlink_to(part)
        elif part.is_dir():
            shutil.copytree(part, home / part.name)
        elif part.suffix != ".lock":
            shutil.copy(part, home / part.name)
    return home


def count(home: Path, table: str, where: str = "1") -> int:
    """Rows of a table."""
    connection = sqlite3.connect(home / "daoclerk.db")
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])
    finally:
        connection.close()


# --- small disks ----------------------------------------------------------------------------


def _mount(*words: str) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


class Disk:
    """A tmpfs of a few megabytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filler = path / "filler"

    def fill(self, left: int = 0) -> None:
        """Take all the room but `left` bytes."""
        room = os.statvfs(self.path)
        with self.filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize - left))

    def grow(self, size: str) -> None:
        assert _mount("-o", f"remount,size={size}", str(self.path))

    def read_only(self) -> None:
        assert _mount("-o", "remount,ro", str(self.path))


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Disk]:
    """Mounted at `path` for as long as the block lasts; skips where this user may not mount."""
    path.mkdir(parents=True, exist_ok=True)
    if not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)):
        missing("a small disk cannot be mounted: run the tests as root, where mount -t tmpfs is allowed")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)
