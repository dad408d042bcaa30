"""Killed at any node and started again, a run goes on without doing finished work again, and nothing is doubled or lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agent.settings import Settings
from bots.wiring import App
from retrieval import tables

ROOT = Path(__file__).parents[2]
STEPS = (
    ("plan", "start", 1),
    ("gather", "start", 1),
    ("gather", "done", 4),
    ("ledger", "start", 1),
    ("outline", "start", 1),
    ("write", "start", 1),
    ("write", "done", 6),
    ("check", "start", 1),
    ("review", "done", 1),
    ("export", "start", 1),
    ("export", "done", 1),
)
ORDER = ("plan", "gather", "ledger", "outline", "write", "check", "review", "export")


def work(home: Path, journal: Path, *stop: object) -> int:
    command = [sys.executable, str(Path(__file__).with_name("killed_run.py")), str(home), "run1", str(journal), *map(str, stop)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120, env=_environment())
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


def rows(home: Path) -> dict[str, int]:
    with App(Settings(home=home)) as app, app.store.db.read() as connection:
        return {
            t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (tables.run, tables.draft, tables.review)
        }


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS, ids=lambda s: f"{s[0]}-{s[1]}-{s[2]}")
def test_a_run_killed_at_a_node_goes_on_without_repeating_finished_work(
    step: tuple[str, str, int], harbor_home: Path, tmp_path: Path
) -> None:
    home, journal = tmp_path / "home", tmp_path / "journal"
    shutil.copytree(harbor_home, home)
    assert work(home, journal, *step) == -9
    before = journal.read_text(encoding="utf-8").splitlines()
    assert work(home, journal) == 0
    after = journal.read_text(encoding="utf-8").splitlines()[len(before) :]
    node = step[0]
    finished = ORDER[: ORDER.index(node)]
    assert not [line for line in after if line.split()[0] in finished], "a finished node ran again"
    assert rows(home) == {"run": 1, "draft": 1, "review": 1}
    assert list((home / "exports").glob("*/*.md")), "the approved files were written"


@pytest.mark.slow
def test_a_run_killed_among_parallel_sections_keeps_those_that_were_done(harbor_home: Path, tmp_path: Path) -> None:
    home, journal = tmp_path / "home", tmp_path / "journal"
    shutil.copytree(harbor_home, home)
    assert work(home, journal, "review", "done", 1) == -9
    everything = journal.read_text(encoding="utf-8").splitlines()
    written = [line for line in everything if line.startswith("write done")]
    assert len(written) == len(set(written)) > 5
    assert work(home, journal) == 0
    again = journal.read_text(encoding="utf-8").splitlines()[len(everything) :]
    assert not [line for line in again if line.startswith("write")]
