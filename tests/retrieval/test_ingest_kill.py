"""An ingest killed at any moment goes on where it stood and ends with exactly the same rows."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.ingest import ingest_files
from retrieval.ingest_job import unfinished
from retrieval.store import Counts, Store

ROWS, BAD = 4000, 8
SCRIPT = """
import sys
from pathlib import Path
from retrieval.ingest import ingest_files
from retrieval.store import Store
report = ingest_files(
    Store.open(sys.argv[1]), [Path(sys.argv[2])], skipped=Path(sys.argv[3]), progress=lambda p: print(p.rows, flush=True)
)
print("done", report.rows, report.skipped, report.counts.new, flush=True)
"""


def corpus(path: Path) -> Path:
    lines = []
    for n in range(ROWS):
        row = {"dao": f"d{n % 7}", "id": str(n), "title": f"T{n}", "body": f"Body {n}\u2028" * 30, "created": "2024-01-01"}
        lines.append(json.dumps(row if n % 500 != 499 else row | {"created": "soon"}, ensure_ascii=False))
    path.write_bytes(gzip.compress("\n".join(lines).encode(), compresslevel=1))
    return path


@pytest.mark.slow
def test_an_ingest_killed_again_and_again_ends_with_exactly_the_same_rows(store: Store, store_url: str, tmp_path: Path) -> None:
    path, out = corpus(tmp_path / "p.jsonl.gz"), tmp_path / "out"
    reached = 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", SCRIPT, store_url, str(path), str(out)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                assert not line.startswith("done")
                if int(line) > reached:  # at least one batch further than last time: resumed, not restarted
                    reached = int(line)
                    break
            child.kill()
        assert unfinished(store) == 1
        assert not (out / "skipped.jsonl").exists()
    done = subprocess.run([sys.executable, "-c", SCRIPT, store_url, str(path), str(out)], capture_output=True, text=True, check=True)
    *counted, last = done.stdout.split("\n")[:-1]
    assert last == f"done {ROWS} {BAD} {ROWS - BAD}"
    assert int(counted[0]) > reached
    assert len((out / "skipped.jsonl").read_text().splitlines()) == BAD
    assert unfinished(store) == 0
    fresh = Store.open(f"sqlite:///{tmp_path / 'fresh.db'}")
    ingest_files(fresh, [path])
    assert list(fresh.proposals()) == list(store.proposals())
    assert ingest_files(store, [path]).counts == Counts(same=ROWS - BAD)
    fresh.close()


@pytest.mark.slow
def test_two_ingests_of_one_file_at_once_store_each_row_once(store: Store, store_url: str, tmp_path: Path) -> None:
    path = corpus(tmp_path / "p.jsonl.gz")
    command = [sys.executable, "-c", SCRIPT, store_url, str(path), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [each.communicate()[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], errors
    assert len(store.heads()) == ROWS - BAD
    assert ingest_files(store, [path]).counts == Counts(same=ROWS - BAD)
