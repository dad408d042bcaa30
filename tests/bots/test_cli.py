"""Bad input on the command line: one clear sentence, the right exit code, nothing lost."""

import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(home: Path, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The real program in a process of its own."""
    env = {**os.environ, "DAOCLERK_HOME": str(home)}
    return subprocess.run(  # noqa: PLW1510
        [sys.executable, "-m", "bots.cli", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, input=stdin
    )


def one_sentence(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("daoclerk: ")]
    assert lines, done.stderr
    for part in parts:
        assert part in lines[-1], lines[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (["draft", "", "--dao", "harbor"], 2, ["the topic is empty"]),
        (["draft", " \u200b\u202e ", "--dao", "harbor"], 2, ["the topic is empty"]),
        (["draft", "x" * 100_000, "--dao", "harbor"], 2, ["100,000 characters", "600"]),
        (["draft", "grants", "--dao", "habor"], 2, ["'habor'", "harbor"]),
        (["draft", "grants", "--dao", "harbor", "--before", "soon"], 2, ["'soon'", "2024-05-01"]),
        (["draft", "grants", "--dao", "harbor", "--chart", "no-such.png"], 2, ["no-such.png"]),
        (["draft", "grants", "--dao", "harbor", "--writer", "model"], 2, ["DAOCLERK_MODEL_URL"]),
        (["draft", "grants"], 2, ["--dao"]),
        (["resume", "nope"], 2, ["nope"]),
        (["verify", "nope"], 2, ["nope"]),
        (["search"], 2, ["query or --batch"]),
        (["search", "x", "--status", "won"], 2, ["'won'"]),
        (["search", "--batch", "no-such.jsonl"], 1, ["no-such.jsonl"]),
        (["lint", "README.md", "--dao", "nonsense"], 2, ["nonsense", "ens"]),
        (["ingest", "files", "/no/such/folder"], 2, ["/no/such/folder"]),
        (["bench", "rules", "--data", "/no/such"], 2, ["/no/such"]),
        (["review", "nope", "--by", "al", "--approve", "abc"], 2, ["nope"]),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else str(value),
)
def test_wrong_use_is_answered_in_one_sentence(harbor_home: Path, words: list[str], code: int, parts: list[str]) -> None:
    one_sentence(run(harbor_home, *words), code, *parts)


@pytest.mark.slow
def test_bad_files_are_named_and_nothing_is_stored(tmp_path: Path) -> None:
    home = tmp_path / "home"
    picture = tmp_path / "text.png"
    picture.write_text("not a picture", encoding="utf-8")
    binary = tmp_path / "binary.md"
    binary.write_bytes(bytes(range(256)) * 20)
    one_sentence(run(home, "lint", str(binary), "--dao", "ens"), 1, "binary.md", "binary")
    broken = tmp_path / "rows.jsonl"
    good = {"dao": "d", "id": "P-1", "title": "One", "body_markdown": "Body of one.", "status": "passed"}
    broken.write_text(json.dumps(good) + "\n{broken\n" + json.dumps({**good, "id": "P-2"}) + "\n", encoding="utf-8")
    done = run(home, "ingest", "files", str(broken), "--no-index")
    assert done.returncode == 0, done.stderr
    assert re.search(r"line 2.*2 of 3 rows stored, 1 skipped", done.stdout), done.stdout
    half = tmp_path / "half.jsonl.gz"
    half.write_bytes(gzip.compress((json.dumps(good) + "\n").encode() * 2000)[:200])
    assert "Traceback" not in run(home, "ingest", "files", str(half), "--no-index").stderr
    one_sentence(run(home, "draft", "One", "--dao", "d", "--chart", str(picture)), 1, "PNG, JPEG and WebP")


@pytest.mark.slow
def test_a_locked_database_loses_nothing(harbor_home: Path, tmp_path: Path) -> None:
    import shutil

    home = tmp_path / "home"
    shutil.copytree(harbor_home, home)
    lock = sqlite3.connect(home / "daoclerk.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"dao": "d", "id": "P-1", "title": "One", "body_markdown": "Body."}) + "\n", encoding="utf-8")
    try:
        one_sentence(run(home, "ingest", "files", str(rows), "--no-index"), 1, "locked")
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    done = run(home, "ingest", "files", str(rows), "--no-index")
    assert "1 rows stored" in done.stdout


@pytest.mark.slow
def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    one_sentence(run(blocked / "home", "drafts"), 1, str(blocked / "home"), "DAOCLERK_HOME")


@pytest.mark.slow
def test_broken_settings_name_the_setting(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "daoclerk.toml").write_text('revisions = "many"\n', encoding="utf-8")
    one_sentence(run(home, "drafts"), 2, "revisions")
    (home / "daoclerk.toml").write_text("revisions = = 2\n", encoding="utf-8")
    one_sentence(run(home, "drafts"), 2, "daoclerk.toml", "not TOML")
    (home / "daoclerk.toml").write_text("colour = 1\n", encoding="utf-8")
    one_sentence(run(home, "drafts"), 2, "colour")


def test_no_module_can_sign_or_send() -> None:
    words = re.compile(r"private_?key|sign_transaction|send_raw|send_transaction|eth_account|from_key\(", re.IGNORECASE)
    for folder in ("agent", "tools", "retrieval", "training", "bots", "prompts"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not words.search(path.read_text(encoding="utf-8")), path
