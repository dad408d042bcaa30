"""Full and read-only disks, locked and damaged files, odd input, early ends: one sentence each, nothing lost, nothing doubled."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bots.program import CHART, ROOT, count, environment, furnish, notes, program, said, small_disk, start, well

pytestmark = pytest.mark.slow

TOPIC = "more grants for builders"
SEARCH = ("search", "国库资助 grants", "--dao", "harbor", "-k", "5", "--json")
DRAFT = ("draft", TOPIC, "--dao", "harbor", "--format", "json")


@pytest.fixture(scope="session")
def indexed_home(harbor_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample DAO with its vector index. Copy it, don't write to it."""
    home = furnish(tmp_path_factory.mktemp("indexed"), harbor_home)
    well(program(home, "index", "sync"))
    return home


@pytest.fixture
def home(indexed_home: Path, tmp_path: Path) -> Path:
    return furnish(tmp_path / "home", indexed_home)


@pytest.fixture(scope="session")
def drafted_home(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the draft of run r1, waiting for review. Copy it, don't write to it."""
    home = furnish(tmp_path_factory.mktemp("drafted"), indexed_home)
    well(program(home, *DRAFT, "--run", "r1"))
    return home


@pytest.fixture
def drafted(drafted_home: Path, tmp_path: Path) -> Path:
    return furnish(tmp_path / "drafted", drafted_home)


@pytest.fixture(scope="session")
def right(indexed_home: Path) -> object:
    """What an undamaged home answers to SEARCH."""
    return json.loads(well(program(indexed_home, *SEARCH)).stdout)


def rows(path: Path, number: int, words: int = 400) -> Path:
    """A JSONL file of proposals, about 6 kB each."""
    made = (
        {"dao": "d", "id": f"P-{n}", "title": f"Proposal {n} about grants", "body_markdown": f"Body {n}. " * words, "status": "passed"}
        for n in range(number)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
    return path


# --- disks ----------------------------------------------------------------------------------


def test_a_full_disk_stops_ingest_and_the_same_command_finishes_it(tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.jsonl", 600)
    with small_disk(tmp_path / "disk", "3m") as disk:
        said(program(disk.path, "ingest", "files", file, "--no-index"), 1, "the disk is full")
        said(program(disk.path, "ingest", "files", file, "--no-index"), 1, "the disk is full")
        disk.grow("60m")
        assert "600 rows stored" in well(program(disk.path, "ingest", "files", file, "--no-index")).stdout
        assert count(disk.path, "proposal") == count(disk.path, "proposal_version") == 600


def test_a_full_disk_stops_the_index_and_the_next_one_is_whole(indexed_home: Path, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.jsonl", 60, 40)
    with small_disk(tmp_path / "disk", "8m") as disk:
        furnish(disk.path, indexed_home)
        disk.fill(300_000)
        said(program(disk.path, "ingest", "files", file), 1, "full")
        disk.grow("60m")
        well(program(disk.path, "ingest", "files", file))
        audit = json.loads(well(program(disk.path, "index", "audit", "--json")).stdout)
        assert (audit["checked"], audit["missing"], audit["extra"], audit["wrong"], audit["pending"]) == (106, [], [], [], 0)
        assert count(disk.path, "proposal_version", "dao = 'd'") == 60


@pytest.mark.parametrize("left", [0, 200_000, 1_600_000])
def test_a_full_disk_stops_a_draft_and_it_is_finished_when_there_is_room(left: int, indexed_home: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        furnish(disk.path, indexed_home)
        disk.fill(left)
        said(program(disk.path, *DRAFT, "--run", "r1"), 1, "full")
        disk.grow("60m")
        assert count(disk.path, "draft") == 0
        begun = count(disk.path, "run")
        if begun:
            draft = json.loads(well(program(disk.path, "resume", "r1", "--format", "json")).stdout)
            assert count(disk.path, "draft") == 1
        again = json.loads(well(program(disk.path, *DRAFT, "--run", "r1")).stdout)
        assert again["run"] == "r1"
        if begun:
            assert (again["title"], len(again["evidence"])) == (draft["title"], len(draft["evidence"]))
        assert count(disk.path, "run") == 1
        well(program(disk.path, "verify", "r1"))


def test_a_full_disk_leaves_the_file_that_stood_at_out(drafted: Path, tmp_path: Path) -> None:
    home = drafted
    with small_disk(tmp_path / "disk", "1m") as disk:
        out = disk.path / "draft.md"
        out.write_text("what stood there", encoding="utf-8")
        disk.fill()
        said(program(home, "export", "r1", "--out", out), 1, "draft.md", "the disk is full")
        said(program(home, "resume", "r1", "--out", out), 1, "draft.md", "the disk is full")
        assert out.read_text(encoding="utf-8") == "what stood there"
        assert {path.name for path in disk.path.iterdir()} == {"draft.md", "filler"}
        disk.grow("9m")
        well(program(home, "export", "r1", "--out", out))
        assert "Sources" in out.read_text(encoding="utf-8")
        disk.read_only()
        said(program(home, "export", "r1", "--out", out), 1, "draft.md", "read-only")


def test_a_full_disk_stops_the_files_of_an_approved_draft_and_resume_writes_them(drafted_home: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "20m") as disk:
        home = furnish(disk.path, drafted_home)
        disk.fill(300_000)
        approve = ("review", "r1", "--by", "alice", "--approve", json.loads(well(program(home, "drafts", "--json")).stdout)[0]["sha256"])
        said(program(home, *approve), 1, "full")
        disk.grow("60m")
        again = program(home, *approve)
        if again.returncode:  # the verdict is stored; what is missing is the files
            said(again, 2, "daoclerk resume r1")
            well(program(home, "resume", "r1"))
        files = [path for path in (home / "exports").rglob("*") if path.is_file()]
        assert {path.suffix for path in files} == {".md", ".json"}
        assert all(path.stat().st_size for path in files)
        assert (count(home, "review"), count(home, "draft")) == (1, 1)
        said(program(home, *approve), 2, "waits for no verdict")


def test_a_read_only_home_is_named(indexed_home: Path, tmp_path: Path) -> None:
    file = rows(tmp_path / "rows.jsonl", 2)
    with small_disk(tmp_path / "disk", "20m") as disk:
        furnish(disk.path, indexed_home)
        disk.read_only()
        for words in (
            DRAFT,
            ("search", "grants"),
            ("ingest", "files", file),
            ("index", "audit"),
            ("review", "r", "--by", "a", "--reject", "no"),
        ):
            said(program(disk.path, *words), 1, str(disk.path))
        said(program(disk.path / "below", "drafts"), 1, str(disk.path / "below"), "read-only")


# --- locked and damaged ---------------------------------------------------------------------


def test_a_draft_says_that_the_database_is_locked_and_succeeds_afterwards(home: Path) -> None:
    lock = sqlite3.connect(home / "daoclerk.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        said(program(home, *DRAFT, "--run", "r1"), 1, "daoclerk.db", "locked")
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    assert json.loads(well(program(home, *DRAFT, "--run", "r1")).stdout)["answered"]
    assert (count(home, "run"), count(home, "draft")) == (1, 1)


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _chroma_database(home: Path) -> None:
    _garbage(home / "chroma" / "chroma.sqlite3")


def _chroma_vectors(home: Path) -> None:
    for file in (home / "chroma").glob("*/*"):
        _garbage(file)


def _chroma_gone(home: Path) -> None:
    shutil.rmtree(home / "chroma")


def _chroma_older(home: Path) -> None:
    shutil.copytree(home / "chroma", home / "older")
    well(program(home, "ingest", "files", rows(home / "rows.jsonl", 5)))
    shutil.rmtree(home / "chroma")
    (home / "older").rename(home / "chroma")


def _lexical(home: Path) -> None:
    for file in (home / "lexical").iterdir():
        _garbage(file)


def _lexical_cut(home: Path) -> None:
    for file in (home / "lexical").iterdir():
        os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    ("damage", "told"),
    [(_chroma_database, 1), (_chroma_vectors, 1), (_chroma_gone, 0), (_chroma_older, 0), (_lexical, 0), (_lexical_cut, 0)],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_a_damaged_or_stale_cache_is_built_anew(damage: Callable[[Path], None], told: int, home: Path, right: object) -> None:
    damage(home)
    first = well(program(home, *SEARCH))
    assert json.loads(first.stdout) == right
    assert len(notes(first)) == told, first.stderr
    audit = well(program(home, "index", "audit", "--json"))
    found = json.loads(audit.stdout)
    assert (found["missing"], found["extra"], found["wrong"], found["pending"]) == ([], [], [], 0)
    assert found["checked"] == count(home, "proposal")
    assert notes(audit) == []


def test_damaged_checkpoints_are_named_and_drafts_stay(drafted: Path) -> None:
    home = drafted
    _garbage(home / "checkpoints.db")
    for words in ((*DRAFT, "--run", "r2"), ("resume", "r1")):
        said(program(home, *words), 1, "checkpoints.db", "damaged", "delete it")
    well(program(home, "verify", "r1"))
    (home / "checkpoints.db").unlink()
    well(program(home, *DRAFT, "--run", "r2"))
    assert count(home, "draft") == 2


def test_a_damaged_database_is_named_and_left_alone(home: Path) -> None:
    _garbage(home / "daoclerk.db")
    garbage = (home / "daoclerk.db").read_bytes()
    for words in (DRAFT, ("search", "grants"), ("drafts",), ("index", "rebuild")):
        said(program(home, *words), 1, "daoclerk.db", "not a SQLite database")
    assert (home / "daoclerk.db").read_bytes() == garbage


# --- odd input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "code", "part"),
    [("'x' * 1_000_000", 2, "1,000,000 characters"), ("'\\0' * 9", 2, "the topic is empty"), ("'\\ud800'", 2, "the topic is empty")],
    ids=["a megabyte", "only NUL", "half a character"],
)
def test_a_topic_no_shell_would_pass_is_answered(topic: str, code: int, part: str, harbor_home: Path) -> None:
    script = f"import sys; sys.argv = ['daoclerk', 'draft', {topic}, '--dao', 'harbor']; from bots.cli import main; main()"
    env = environment(harbor_home)
    said(
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False),
        code,
        part,
    )


@pytest.mark.parametrize(
    "words", [["search", "a\udcff", "--dao", "harbor"], ["resume", "\udcff"], ["verify", "\udcff"]], ids=lambda words: words[0]
)
def test_bytes_that_are_no_text_are_answered(words: list[str], harbor_home: Path) -> None:
    said(program(harbor_home, *words), 2, "not UTF-8 text")


def test_a_nul_within_a_topic_is_dropped(home: Path) -> None:
    script = (
        "import sys; sys.argv = ['daoclerk', 'draft', 'more gra\\0nts', '--dao', 'harbor', '--json']; from bots.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=120, check=False
    )
    assert json.loads(well(done).stdout)["topic"] == "more grants"


def test_a_binary_file_among_markdown_is_skipped_and_named(tmp_path: Path) -> None:
    folder, home = tmp_path / "docs", tmp_path / "home"
    folder.mkdir()
    (folder / "a.md").write_bytes(CHART.read_bytes())
    (folder / "b.md").write_text("---\ntitle: Two\nstatus: passed\n---\n\nBody of two.\n", encoding="utf-8")
    (folder / "c.md").write_bytes(bytes(range(128, 256)) * 50)
    done = well(program(home, "ingest", "files", folder, "--dao", "d", "--no-index", "--json"))
    report = json.loads(done.stdout)
    assert report["skipped"] == 2
    assert {Path(skip["where"].split(":")[0]).name.split()[0] for skip in report["skips"]} == {"a.md", "c.md"}
    assert count(home, "proposal") == 1


def test_pictures_that_are_none_are_refused_and_nothing_begins(harbor_home: Path, tmp_path: Path) -> None:
    home = furnish(tmp_path / "home", harbor_home)
    whole = CHART.read_bytes()
    pictures = {
        "text.png": b"week,sales\n1,1240\n",
        "cut.png": whole[: len(whole) // 2],
        "corrupt.png": whole[:64] + os.urandom(len(whole) - 64),
        "large.png": whole + bytes(61 * 1024 * 1024),
    }
    wanted = {"text.png": "holds text", "cut.png": "truncated or damaged", "corrupt.png": "truncated or damaged", "large.png": "61"}
    for name, data in pictures.items():
        (tmp_path / name).write_bytes(data)
        said(program(home, *DRAFT, "--chart", tmp_path / name), 1, wanted[name])
    assert count(home, "run") == 0
    assert not (home / "pictures").exists()


# --- together and cut short -----------------------------------------------------------------


def test_two_drafts_at_once_on_one_home_both_succeed(home: Path) -> None:
    both = [start(home, *DRAFT, "--run", name) for name in ("r1", "r2")]
    ends = [process.communicate(timeout=180) for process in both]
    for process, (_, errors) in zip(both, ends, strict=True):
        assert process.returncode == 0, errors
    drafts = [json.loads(out) for out, _ in ends]
    assert [draft["run"] for draft in drafts] == ["r1", "r2"]
    assert drafts[0]["sections"] == drafts[1]["sections"]
    assert (count(home, "run"), count(home, "draft")) == (2, 2)
    for name in ("r1", "r2"):
        well(program(home, "verify", name))


@pytest.mark.parametrize(
    "words", [("rules", "ens", "--json"), ("search", "grants", "--dao", "harbor", "-k", "40", "--json")], ids=["rules", "search"]
)
def test_a_reader_that_leaves_early_sees_no_traceback(words: tuple[str, ...], home: Path) -> None:
    process = start(home, *words)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0, errors
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


def test_a_draft_stopped_by_the_keyboard_says_how_to_go_on_and_does(home: Path) -> None:
    process = start(home, *DRAFT, "--run", "r1")
    assert process.stderr is not None
    for line in process.stderr:
        if "gather" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert [line for line in errors.splitlines() if line.startswith("daoclerk: stopped") and "daoclerk resume" in line], errors
    assert count(home, "draft") == 0
    assert json.loads(well(program(home, "resume", "r1", "--format", "json")).stdout)["answered"]
    assert (count(home, "run"), count(home, "draft")) == (1, 1)
