"""The dense index on a real Chroma server, with two processes at once, and after a kill."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from agent.schemas import DaoId, Proposal, ProposalId
from retrieval.index import DenseIndex
from retrieval.proposals import proposal_hashes
from retrieval.store import Store

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
COUNT = 600
START = """
import json, sys
from pathlib import Path
from letters import Letters
from retrieval.index import DenseIndex
from retrieval.store import Store
store, letters = Store.open(sys.argv[1]), Letters()
index = DenseIndex.open(store, letters, path=Path(sys.argv[2]))
def say(**what): print(json.dumps(what), flush=True)
"""


def letters() -> ModuleType:
    """The module that the started processes use too."""
    spec = importlib.util.spec_from_file_location("letters", Path(__file__).parent / "letters.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def filled(sqlite_store_url: str) -> Iterator[Store]:
    store = Store.open(sqlite_store_url)
    words = ("zebra", "quartz", "jumble", "fog", "vixen", "pack", "dozen", "sphinx", "waltz")
    store.add_proposals(
        [
            proposal_hashes(
                Proposal(
                    dao=DaoId("d"),
                    id=ProposalId(str(i)),
                    title=f"{words[i % 9]} {words[i // 9 % 9]}",
                    body=f"About {words[i // 81 % 9]} {i} times.",
                    status="passed",
                    sha256="",
                    body_sha256="",
                )
            )
            for i in range(COUNT)
        ]
    )
    yield store
    store.close()


def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    path = os.pathsep.join([str(REPOSITORY), str(Path(__file__).parent)])
    return subprocess.Popen(
        [sys.executable, "-c", START + program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def says(process: "subprocess.Popen[str]") -> dict[str, object]:
    """The next JSON line of the process; log lines are passed over."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            found: dict[str, object] = json.loads(line)
            return found
    raise AssertionError(f"the process ended with {process.wait()} and said nothing")


@pytest.mark.parametrize("step", [1, 3])
def test_a_sync_that_was_killed_goes_on_where_it_was(filled: Store, sqlite_store_url: str, tmp_path: Path, step: int) -> None:
    process = start(
        f"""
steps = []
def progress(done, total):
    steps.append(done)
    if len(steps) == {step}:
        say(done=done)
        sys.stdin.readline()
index.sync(progress)
""",
        sqlite_store_url,
        tmp_path / "chroma",
    )
    done = says(process)["done"]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    embedder = letters().Letters()
    with DenseIndex.open(filled, embedder, path=tmp_path / "chroma") as index:
        assert index.mode == "embedded"
        assert embedder.asked == 0
        report = index.audit()
        assert report.ok
        assert report.checked == done
        assert index.sync().proposals == COUNT - report.checked
        assert embedder.asked <= COUNT - report.checked
        report = index.audit()
        assert (report.ok, report.checked, report.pending) == (True, COUNT, 0)
        assert len(index.query("zebra waltz", k=COUNT)) == COUNT


def test_of_two_processes_one_owns_the_folder_and_both_answer_alike(filled: Store, sqlite_store_url: str, tmp_path: Path) -> None:
    program = """
say(mode=index.mode)
sys.stdin.readline()
report = index.sync()
say(hits=[round(hit.score, 4) for hit in index.query("quartz sphinx", k=20)])
sys.stdin.readline()
index.close()
"""
    first = start(program, sqlite_store_url, tmp_path / "chroma")
    assert says(first) == {"mode": "embedded"}
    second = start(program, sqlite_store_url, tmp_path / "chroma")
    assert says(second) == {"mode": "scan"}
    for process in (first, second):
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert says(first) == says(second)
    for process in (first, second):
        process.communicate("\n")
        assert process.returncode == 0
    with DenseIndex.open(filled, letters().Letters(), path=tmp_path / "chroma") as index:
        report = index.audit()
        assert (report.ok, report.checked, report.pending) == (True, COUNT, 0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real `chroma run` on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).parent / "chroma"
    log = (tmp_path / "server.log").open("w")
    process = subprocess.Popen(
        [program, "run", "--path", tmp_path / "served", "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as http:  # waits longer after each refusal, some 60 s in all
            assert http.get(f"{url}/api/v2/heartbeat").status_code == 200
        yield url
    finally:
        process.terminate()
        process.wait()
        log.close()


def test_a_chroma_server_is_filled_asked_audited_and_mended(filled: Store, server: str) -> None:
    embedder = letters().Letters()
    with DenseIndex.open(filled, embedder, url=server) as index:
        assert index.mode == "server"
        assert index.sync().added == COUNT
        assert index.audit().ok
        with DenseIndex.open(filled, embedder, url=server) as other:
            mine, theirs = index.query("quartz sphinx", k=20, dao="d"), other.query("quartz sphinx", k=20, dao="d")
            assert mine == theirs
        exact = index._shelf.scan(embedder.embed(["quartz sphinx"])[0], filled.heads(), 20)
        assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in exact], abs=1e-5)
        assert index._chroma is not None
        [name] = index._held[sorted(index._held)[0]]
        index._chroma.remove([name])
        assert index.audit().missing == (name,)
        assert index.rebuild().embedded == 0
        assert index.audit().ok
    asked = embedder.asked
    with DenseIndex.open(filled, embedder, url=server) as index:
        assert index.audit().checked == COUNT
    assert embedder.asked == asked
