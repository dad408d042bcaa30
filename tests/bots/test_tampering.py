"""`daoclerk verify` on the command line: one digit changed anywhere, sealed again, is found and named with what rests on it."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.ledger import seal
from agent.schemas import Draft, Evidence, Fact, Sentence
from tests.bots.program import CHART, count, furnish, program, said, well

pytestmark = pytest.mark.slow

DIGIT = re.compile(r"\d")


def other(text: str) -> str:
    """The text with its last digit changed."""
    at = [found.start() for found in DIGIT.finditer(text)][-1]
    return f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"


@pytest.fixture(scope="session")
def drafted_home(harbor_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the draft of run r1, waiting for review."""
    home = furnish(tmp_path_factory.mktemp("drafted"), harbor_home)
    well(program(home, "draft", "creator rebates: NFT sales are falling", "--dao", "harbor", "--chart", CHART, "--run", "r1"))
    return home


@pytest.fixture(scope="session")
def made(drafted_home: Path) -> Draft:
    return Draft.model_validate_json(well(program(drafted_home, "export", "r1", "--format", "json")).stdout)


def cited(draft: Draft, id: str) -> list[str]:
    """Where sentences cite this evidence themselves."""
    return [f"{s.key}[{n}]" for s in draft.sections for n, sentence in enumerate(s.sentences) if id in sentence.cites]


def with_row(draft: Draft, row: Evidence) -> Draft:
    return draft.model_copy(update={"evidence": tuple(row if each.id == row.id else each for each in draft.evidence)})


def chosen(draft: Draft, wanted: Callable[[Evidence], bool]) -> Evidence:
    return next(row for row in draft.evidence if wanted(row) and cited(draft, row.id))


def a_sentence(draft: Draft) -> tuple[Draft, list[str]]:
    for section in draft.sections:
        for n, said_ in enumerate(section.sentences):
            if said_.kind == "fact" and not said_.quotes and DIGIT.search(said_.text):
                changed: Sentence = said_.model_copy(update={"text": other(said_.text)})
                sentences = (*section.sentences[:n], changed, *section.sentences[n + 1 :])
                new = section.model_copy(update={"sentences": sentences})
                sections = tuple(new if each is section else each for each in draft.sections)
                return draft.model_copy(update={"sections": sections}), [f"{section.key}[{n}]"]
    raise AssertionError("no sentence with a number")


def a_quote(draft: Draft) -> tuple[Draft, list[str]]:
    row = chosen(draft, lambda row: row.kind == "proposal" and bool(DIGIT.search(row.quote)))
    return with_row(draft, row.model_copy(update={"quote": other(row.quote)})), [row.id, *cited(draft, row.id)]


def a_fact(draft: Draft) -> tuple[Draft, list[str]]:
    row = chosen(draft, lambda row: row.kind == "proposal" and any(not isinstance(fact.value, str) for fact in row.facts))
    number = next(fact for fact in row.facts if not isinstance(fact.value, str))
    assert not isinstance(number.value, str)
    changed: Fact = number.model_copy(update={"value": number.value + 1})
    facts = tuple(changed if fact is number else fact for fact in row.facts)
    return with_row(draft, row.model_copy(update={"facts": facts})), [row.id, *cited(draft, row.id)]


def a_result(draft: Draft) -> tuple[Draft, list[str]]:
    row = chosen(draft, lambda row: row.kind == "derived" and row.derivation is not None and row.derivation.op == "change_pct")
    return with_row(draft, row.model_copy(update={"quote": other(row.quote)})), [row.id, *cited(draft, row.id)]


def a_hash(draft: Draft) -> tuple[Draft, list[str]]:
    row = chosen(draft, lambda row: row.kind == "rule")
    return with_row(draft, row.model_copy(update={"sha256": "0" * 64})), [row.id, *cited(draft, row.id)]


@pytest.mark.parametrize("change", [a_sentence, a_quote, a_fact, a_result, a_hash], ids=lambda change: change.__name__)
def test_one_digit_of_a_draft_is_found_though_its_seal_is_right(
    change: Callable[[Draft], tuple[Draft, list[str]]], made: Draft, drafted_home: Path, tmp_path: Path
) -> None:
    changed, named = change(made)
    file = tmp_path / "draft.json"
    file.write_text(seal(changed).model_dump_json(by_alias=True), encoding="utf-8")
    done = program(drafted_home, "verify", file)
    assert done.returncode == 1, done.stderr
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAIL  ")]
    assert failures
    assert not [line for line in failures if "draft.sealed" in line], "the seal is right"
    for name in named:
        assert [line for line in failures if re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", line)], (name, done.stdout)


def test_without_a_new_seal_the_seal_is_named_too(made: Draft, drafted_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "draft.json"
    file.write_text(a_sentence(made)[0].model_dump_json(by_alias=True), encoding="utf-8")
    done = program(drafted_home, "verify", file, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert {"draft.sealed"} < {check["rule"] for check in report["checks"] if check["level"] == "error"}


def tamper(home: Path, statement: str, *values: object) -> None:
    """What only somebody with the file and intent can do: the triggers that forbid it are dropped first."""
    connection = sqlite3.connect(home / "daoclerk.db")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    assert connection.execute(statement, values).rowcount > 0
    connection.commit()
    connection.close()


def _body(home: Path, draft: Draft) -> list[str]:
    row = chosen(draft, lambda row: row.kind == "proposal" and bool(DIGIT.search(row.quote)))
    where = "UPDATE proposal_version SET body = replace(body, ?, ?) WHERE dao = 'harbor' AND id = ?"
    tamper(home, where, row.quote, other(row.quote), row.locator.id)
    return [row.id, *cited(draft, row.id)]


def _tally(home: Path, draft: Draft) -> list[str]:
    row = chosen(draft, lambda row: row.kind == "proposal" and any(fact.name == "for" for fact in row.facts))
    tamper(
        home,
        "UPDATE proposal_version SET fields = json_set(fields, '$.tally.for_votes', 7) WHERE dao = 'harbor' AND id = ?",
        row.locator.id,
    )
    return [row.id, *cited(draft, row.id)]


def _point(home: Path, draft: Draft) -> list[str]:
    row = chosen(draft, lambda row: row.locator.field == "series")
    tamper(home, "UPDATE point SET value = value + 1 WHERE series = (SELECT seq FROM series WHERE metric = ?)", row.locator.id)
    return [row.id, *cited(draft, row.id)]


@pytest.mark.parametrize("change", [_body, _tally, _point], ids=lambda change: change.__name__.strip("_"))
def test_one_digit_of_a_stored_source_is_found(
    change: Callable[[Path, Draft], list[str]], made: Draft, drafted_home: Path, tmp_path: Path
) -> None:
    home = furnish(tmp_path / "home", drafted_home)
    well(program(home, "verify", "r1"))
    named = change(home, made)
    done = program(home, "verify", "r1")
    assert done.returncode == 1, done.stdout
    failures = "\n".join(line for line in done.stdout.splitlines() if line.startswith("FAIL  "))
    for name in named:
        assert name in failures, (name, failures)


def test_a_new_version_of_a_source_fails_nothing_as_the_cited_one_is_kept(made: Draft, drafted_home: Path, tmp_path: Path) -> None:
    home = furnish(tmp_path / "home", drafted_home)
    row = chosen(made, lambda row: row.kind == "proposal")
    file = tmp_path / "new.jsonl"
    new = {"dao": "harbor", "id": row.locator.id, "title": row.title, "body_markdown": "All of it was rewritten.", "status": "passed"}
    file.write_text(json.dumps(new) + "\n", encoding="utf-8")
    before = count(home, "proposal_version")
    assert "1 changed" in well(program(home, "ingest", "files", file, "--no-index")).stdout
    assert count(home, "proposal_version") == before + 1
    done = program(home, "verify", "r1")
    assert f"FAIL  {row.id}: the quote" not in done.stdout
    assert "the stored source is not the one that was cited" not in done.stdout


def test_what_is_no_draft_is_told_so(made: Draft, drafted_home: Path, tmp_path: Path) -> None:
    whole = made.model_dump_json(by_alias=True)
    files = {
        "cut.json": whole[: len(whole) // 2],
        "other.json": '{"title": "something else"}',
        "list.json": "[]",
        "empty.json": "",
        "number.json": whole.replace(f'"version":{made.version}', '"version":"many"'),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        for words in (("verify", tmp_path / name), ("export", tmp_path / name)):
            said(program(drafted_home, *words), 1, name, "not a draft in JSON")
    (tmp_path / "binary.json").write_bytes(CHART.read_bytes())
    said(program(drafted_home, "verify", tmp_path / "binary.json"), 1, "binary.json", "not a draft in JSON")
    said(program(drafted_home, "verify", tmp_path / "none.json"), 1, "none.json")
