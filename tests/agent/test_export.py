"""Exports: frozen bytes within the limits of where they go, and files that are written whole or not at all."""

import errno
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from agent.errors import InputError, StoreError
from agent.export import Actions, Exported, ExportOptions, export, manifest, write_atomic
from agent.files import unwritable
from agent.ledger import canonical
from agent.render import markdown
from agent.schemas import Draft, ExportFormat
from agent.text import utf16_len
from tests.agent.fixture_drafts import chinese, drafts, english, texts, unanswered
from tests.conftest import missing

FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
MESSAGE_KEYS = {"space", "type", "title", "body", "discussion", "choices", "labels", "plugins", "privacy", "app"}


def message(exported: Exported) -> dict[str, JsonValue]:
    found: JsonValue = json.loads(exported.data)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("draft", [english(), chinese()], ids=["en", "zh"])
def test_every_format_is_frozen_nfc_lf_named_by_its_hash_and_carries_the_provenance(fmt: ExportFormat, draft: Draft) -> None:
    done = export(draft, fmt)
    text = done.data.decode()
    assert done.sha256 == hashlib.sha256(done.data).hexdigest()
    assert unicodedata.is_normalized("NFC", text)
    assert "\r" not in text
    assert draft.provenance.evidence_sha256 in text
    assert draft.provenance.prompts_sha256 in text
    assert "daoclerk 0.1.0" in text
    assert re.fullmatch(r"harbor-[0-9a-f]{12}\.[a-z.]+", done.filename)
    assert export(draft, fmt) == done
    assert done.notes[0].startswith("2 blanks are still to fill: ")


def test_a_manifest_names_the_file_its_hash_and_the_draft() -> None:
    draft = english()
    done = export(draft, "governor", ExportOptions(keccak=lambda data: hashlib.sha256(data).digest()))
    row = json.loads(manifest(done, draft))
    assert row["sha256"] == done.sha256
    assert row["bytes"] == len(done.data)
    assert row["draft_sha256"] == draft.sha256
    assert row["description_hash"] == "0x" + done.sha256


@pytest.mark.parametrize("fmt", ["snapshot", "governor", "discourse"])
def test_a_draft_without_an_answer_goes_to_no_vote(fmt: ExportFormat) -> None:
    with pytest.raises(InputError, match="too little evidence to be put to a vote 'Validator insurance'; use md or json"):
        export(unanswered(), fmt)
    assert export(unanswered(), "json").data


# --- JSON ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(drafts())
def test_json_reads_back_as_the_same_draft_with_the_same_canonical_bytes(draft: Draft) -> None:
    done = export(draft, "json")
    back = Draft.model_validate_json(done.data)
    assert back == draft
    assert canonical(back) == canonical(draft)
    assert unicodedata.is_normalized("NFC", done.data.decode())


@settings(deadline=None)
@given(texts)
def test_json_keeps_a_quote_that_is_not_nfc_and_shows_no_hidden_character(text: str) -> None:
    draft = english().model_copy(update={"topic": text + "e\u0301\u202e" + text})
    data = export(draft, "json").data.decode()
    assert json.loads(data)["topic"] == draft.topic
    assert unicodedata.is_normalized("NFC", data)
    assert not re.search(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\u0301]", data)


def test_chinese_stays_readable_in_json() -> None:
    assert "港口市场创作者季度返利" in export(chinese().model_copy(update={"topic": "e\u0301"}), "json").data.decode()


def test_a_hidden_character_is_an_escape_in_json() -> None:
    assert "gnp\\u202eexe" in export(english().model_copy(update={"topic": "gnp\u202eexe"}), "json").data.decode()


# --- Snapshot --------------------------------------------------------------------------------


def test_a_snapshot_message_holds_what_the_draft_decides_and_names_what_the_submitter_adds() -> None:
    done = export(english(), "snapshot", ExportOptions(space="harbor.eth", discussion="https://forum.harbor.example/t/9", labels=("a1",)))
    found = message(done)
    assert set(found) == MESSAGE_KEYS
    assert found["type"] == "basic"
    assert found["choices"] == ["For", "Against", "Abstain"]
    assert found["title"] == "Quarterly rebates for creators on Harbor Market"
    assert found["body"] == markdown(english(), flavour="snapshot")
    assert done.notes[-1] == "the submitter adds: from, timestamp, start, end, snapshot (block)"


def test_without_a_space_the_key_is_left_out_and_named() -> None:
    done = export(chinese(), "snapshot")
    assert set(message(done)) == MESSAGE_KEYS - {"space"}
    assert message(done)["type"] == "basic"
    assert "the submitter adds: space, from" in done.notes[-1]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [(("Yes", "No"), "basic"), (("A", "B"), "single-choice"), (("Against", "For"), "single-choice"), (("For",), "single-choice")],
)
def test_only_for_and_against_in_this_order_make_a_basic_vote(choices: tuple[str, ...], expected: str) -> None:
    assert message(export(english().model_copy(update={"choices": choices}), "snapshot"))["type"] == expected


@pytest.mark.parametrize(
    ("choices", "options", "problem"),
    [
        ((), ExportOptions(), "the draft has 0 choices, Snapshot takes 1 to 20"),
        (("x",) * 21, ExportOptions(), "the draft has 21 choices"),
        (("For", "😀" * 129), ExportOptions(), "choice 2 has 258 characters, Snapshot takes 1 to 256"),
        (("For", " "), ExportOptions(), "choice 2 has 0 characters"),
        (("a", "b", "c", "d"), ExportOptions(voting="basic"), "a basic vote has 2 or 3 choices, the draft has 4"),
        (("For", "Against"), ExportOptions(discussion="https://a.example/" + "x" * 256), "the discussion address has 274 characters"),
        (("For", "Against"), ExportOptions(labels=("toolonglabel",)), "at most 10 labels of 1 to 8 characters"),
        (("For", "Against"), ExportOptions(body_limit=10), "a limit below 3,000"),
    ],
)
def test_what_snapshot_would_refuse_is_refused_here(choices: tuple[str, ...], options: ExportOptions, problem: str) -> None:
    with pytest.raises(InputError, match=re.escape(problem)):
        export(english().model_copy(update={"choices": choices}), "snapshot", options)


def test_a_long_title_is_shortened_and_the_note_says_so() -> None:
    done = export(english().model_copy(update={"title": "😀 " * 200}), "snapshot")
    title = message(done)["title"]
    assert isinstance(title, str)
    assert utf16_len(title) <= 256
    assert title.endswith("…")
    assert any("the title was shortened from 599" in note for note in done.notes)


@settings(max_examples=25, deadline=None)
@given(drafts(), st.integers(1, 40), st.sampled_from([3_000, 10_000, 40_000]))
def test_every_snapshot_message_of_strangers_text_is_within_the_limits(draft: Draft, times: int, limit: int) -> None:
    grown = draft.model_copy(
        update={"sections": draft.sections * times, "answered": True, "title": draft.title * times + "x", "choices": ("A", "B")}
    )
    done = export(grown, "snapshot", ExportOptions(body_limit=limit))
    found = message(done)
    assert utf16_len(str(found["body"])) <= limit
    assert 1 <= utf16_len(str(found["title"])) <= 256
    assert utf16_len(done.data.decode()) <= 100_000


def test_a_shortened_body_is_noted() -> None:
    sections = tuple(row.model_copy(update={"sentences": row.sentences * 40}) for row in english().sections)
    done = export(english().model_copy(update={"sections": sections}), "snapshot")
    assert "the body was shortened to fit; the full draft is in md or json" in done.notes
    assert not any("shortened" in note for note in export(english(), "snapshot").notes)


# --- Governor and forum ----------------------------------------------------------------------


def test_a_description_has_no_newline_at_its_end_and_says_that_an_action_is_missing() -> None:
    done = export(english(), "governor")
    assert done.data.decode() == markdown(english(), flavour="governor").rstrip("\n")
    assert any("at least one action" in note for note in done.notes)
    assert done.facts == {}


def test_actions_give_the_id_in_both_forms() -> None:
    actions = Actions(targets=("0x" + "11" * 20,), values=(0,), calldatas=("0x",))
    done = export(english(), "governor", ExportOptions(actions=actions, proposal_id=lambda given, text: len(text) * len(given.targets)))
    length = len(done.data.decode())
    assert done.facts == {"proposal_id": str(length), "proposal_id_hex": f"0x{length:064x}"}
    with pytest.raises(InputError, match="needs the hashing function"):
        export(english(), "governor", ExportOptions(actions=actions))


@pytest.mark.parametrize("place", ["approved_by", "software", "writer_note"])
def test_no_description_ends_by_locking_the_proposer(place: str) -> None:
    lock = "#proposer=0x" + "ab" * 20
    origin = english().provenance.model_copy(update={place: (lock,) if place == "approved_by" else lock})
    text = export(english().model_copy(update={"provenance": origin, "sha256": ""}), "governor").data.decode()
    assert not re.search(r"#proposer=0x[0-9a-fA-F]{40}\s*\Z", text)


def test_a_forum_post_has_title_raw_and_what_was_asked_for() -> None:
    found = message(export(english(), "discourse", ExportOptions(category=5, tags=("treasury",))))
    assert found == {
        "title": "Quarterly rebates for creators on Harbor Market",
        "raw": markdown(english(), flavour="discourse"),
        "category": 5,
        "tags": ["treasury"],
    }
    assert set(message(export(english(), "discourse"))) == {"title", "raw"}


def test_a_title_too_short_for_a_forum_is_noted_and_no_title_is_refused() -> None:
    assert any(
        "has 5 characters, forums usually ask for 15" in note
        for note in export(english().model_copy(update={"title": "Short"}), "discourse").notes
    )
    with pytest.raises(InputError, match="the draft has no title"):
        export(english().model_copy(update={"title": " \u200b"}), "discourse")


# --- files -----------------------------------------------------------------------------------


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "draft.md"
    write_atomic(path, b"one")
    path.chmod(0o600)
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [row.name for row in tmp_path.iterdir()] == ["draft.md"]


def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_bytes(b"one")
    (tmp_path / "link.md").symlink_to(tmp_path / "real.md")
    write_atomic(tmp_path / "link.md", b"two")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_bytes() == b"two"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing/draft.md", "the folder '.*/missing' does not exist; nothing was changed"),
        ("folder", "it is a folder"),
        ("file/draft.md", "'.*/file' is not a folder"),
        ("n" * 300, "the name is too long"),
        ("a\0b", "no file can have such a name"),
    ],
)
def test_a_bad_path_is_one_sentence(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"kept")
    with pytest.raises(StoreError, match=problem) as caught:
        write_atomic(tmp_path / name, b"x")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_bytes() == b"kept"
    assert sorted(row.name for row in tmp_path.iterdir()) == ["file", "folder"]


def test_a_device_is_not_replaced_by_a_file() -> None:
    with pytest.raises(StoreError, match="it is not a plain file"):
        write_atomic(Path("/dev/null"), b"x")


def test_a_read_only_folder_is_one_sentence(tmp_path: Path) -> None:
    if os.geteuid() == 0:  # root may write anywhere but into the kernel's own tree
        folder = Path("/sys/kernel")
    else:
        folder = tmp_path
        (tmp_path / "draft.md").write_bytes(b"old")
        tmp_path.chmod(0o555)
    with pytest.raises(StoreError, match="read-only"):
        write_atomic(folder / "draft.md", b"new")
    tmp_path.chmod(0o755)
    assert not (tmp_path / "draft.md").exists() or (tmp_path / "draft.md").read_bytes() == b"old"


@pytest.mark.slow
def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_no_rest(tmp_path: Path) -> None:
    (tmp_path / "draft.md").write_bytes(b"old")
    code = "import sys; from pathlib import Path; from agent.files import write_atomic; write_atomic(Path(sys.argv[1]), b'x' * 100_000)"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(tmp_path / "draft.md")], preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert "the file is larger than the system allows; nothing was changed" in done.stderr
    assert [(row.name, row.read_bytes()) for row in tmp_path.iterdir()] == [("draft.md", b"old")]


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from agent.files import write_atomic\n"
        "p = Path(sys.argv[1]); p.write_bytes(b'old')\n"
        "try: write_atomic(p, b'x' * 300_000)\n"
        "except Exception as error: sys.stdout.write(f'{error}|{p.read_bytes()!r}|{len(list(p.parent.iterdir()))}')\n"
    )
    disk = tmp_path / "disk"
    disk.mkdir()
    inner = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -B -c "$3" "$1/draft.md"'
    done = subprocess.run(
        [
            "unshare",
            *([] if os.geteuid() == 0 else ["--map-root-user"]),
            "--mount",
            "sh",
            "-c",
            inner,
            "sh",
            str(disk),
            sys.executable,
            script,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if "denied" in done.stderr or "not permitted" in done.stderr or "unshare" in done.stderr:
        missing("mounting a small disk is not allowed here: run as root, or with user namespaces")
    assert "the disk is full; nothing was changed|b'old'|1" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("number", "word"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EIO, "input/output error")]
)
def test_every_failure_of_the_disk_has_its_words(number: int, word: str) -> None:
    assert word in str(unwritable(Path("/x/draft.md"), OSError(number, os.strerror(number))))
