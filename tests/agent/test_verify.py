"""Change one digit in a draft, a quote, a fact or a stored source, and `verify` names the sentence that rests on it."""

import json
from collections.abc import Iterator

import pytest
from pydantic import JsonValue

from agent.checks.resolve import resolve
from agent.ledger import evidence_sha256, seal
from agent.schemas import Draft, Fact, Lang
from agent.verify import failing, verify
from tests.agent.harbor_draft import BODIES, FACTS, Stored, draft, ledger

Path = tuple[str | int, ...]


def other(text: str, at: int, by: int = 1) -> str:
    return f"{text[:at]}{(int(text[at]) + by) % 10}{text[at + 1 :]}"


def leaves(value: JsonValue, path: Path = ()) -> Iterator[tuple[Path, str | int | float]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, value


def mutants(made: Draft, *within: str) -> Iterator[tuple[Path, Draft]]:
    """The draft with one digit of one value changed, for each digit below the named parts."""
    text = made.model_dump_json(by_alias=True)
    for path, value in leaves(json.loads(text)):
        if path[0] not in within or path[-1] in ("schema", "version"):
            continue
        shown = value if isinstance(value, str) else repr(value)
        for at in (index for index, char in enumerate(shown) if char.isascii() and char.isdigit()):
            changed = other(shown, at)
            base = json.loads(text)
            target = base
            for step in path[:-1]:
                target = target[step]
            target[path[-1]] = changed if isinstance(value, str) else type(value)(changed)
            if target[path[-1]] == value:
                continue
            try:
                yield path, Draft.model_validate(base)
            except ValueError:
                continue  # no draft at all any more, e.g. a date in month 14


def resealed(made: Draft) -> Draft:
    """What an attacker can do who knows the format: every hash that depends on the draft alone is made right again."""
    note = made.provenance.model_copy(update={"evidence_sha256": evidence_sha256(made.evidence)})
    return seal(made.model_copy(update={"provenance": note}))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sound_draft_verifies(lang: Lang) -> None:
    results = verify(draft(lang), Stored())
    assert {r.level for r in results} == {"pass"}
    assert results[0].rule == "draft.sealed"
    assert "source.resolved" in {r.rule for r in results}


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_changed_digit_of_a_sentence_is_named_even_if_the_draft_is_sealed_again(lang: Lang) -> None:
    made, total = draft(lang), 0
    for path, mutant in mutants(made, "sections"):
        if path[-2] == "cites":
            continue
        where = f"{made.sections[int(path[1])].key}[{path[3]}]"
        named = [r for r in failing(verify(resealed(mutant), Stored())) if r.where == where]
        assert named, (path, mutant.sections[int(path[1])].sentences[int(path[3])].text)
        total += 1
    assert total > (100 if lang == "en" else 50)


def test_any_change_breaks_the_seal() -> None:
    made = draft()
    for changed in (
        made.model_copy(update={"title": "Quarterly rebate for creators"}),
        made.model_copy(update={"run": "run-2"}),
        made.model_copy(update={"evidence": made.evidence[:-1]}),
        made.model_copy(update={"sha256": made.sha256[::-1]}),
    ):
        assert [r.where for r in failing(verify(changed, Stored())) if r.rule == "draft.sealed"] == ["draft"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_changed_digit_of_the_ledger_is_caught_without_the_seal(lang: Lang) -> None:
    """All but the time of reading (no source can contradict it) and a citation that others make superfluous."""
    missed = []
    total = 0
    for path, mutant in mutants(draft(lang), "evidence", "title", "choices"):
        total += 1
        if path[-1] != "retrieved_at" and not failing(verify(resealed(mutant), Stored())):
            missed.append(path)
    assert missed == []
    assert total > 500


@pytest.mark.parametrize("ident", sorted(BODIES))
def test_a_changed_digit_in_a_stored_source_is_caught_and_its_sentences_named(ident: str) -> None:
    made = draft()
    names = {row.id for row in made.evidence if row.locator.id == ident}
    users = [f"{s.key}[{i}]" for s in made.sections for i, sentence in enumerate(s.sentences) if names & set(sentence.cites)]
    for at in (index for index, char in enumerate(BODIES[ident]) if char.isdigit()):
        stored = Stored()
        stored.bodies[ident] = other(BODIES[ident], at)
        found = failing(verify(made, stored))
        assert {r.where for r in found} == names
        assert {"source.hash", "source.quote"} <= {r.rule for r in found}
        assert all(user in r.message for user in users for r in found)


@pytest.mark.parametrize("ident", ["HIP-31", "sales", "reply-4"])
def test_a_changed_record_is_caught(ident: str) -> None:
    for index, known in enumerate(FACTS[ident]):
        stored = Stored()
        value = f"{known.value}x" if isinstance(known.value, str) else known.value + 1
        changed = known.model_copy(update={"value": value})
        stored.records[ident] = (*FACTS[ident][:index], changed, *FACTS[ident][index + 1 :])
        found = failing(verify(draft(), stored))
        assert [r.rule for r in found] == ["source.fact"]
        assert f"'{known.name}' is recorded as {value}" in found[0].message


def test_unit_time_title_and_address_of_a_record_count() -> None:
    for change in ({"unit": "ETH"}, {"time": "2025-03-04"}):
        stored = Stored()
        stored.records["sales"] = (FACTS["sales"][0].model_copy(update=change), *FACTS["sales"][1:])
        assert [r.rule for r in failing(verify(draft(), stored))] == ["source.fact"]
    stored = Stored()
    stored.titles["HIP-31"] = "HIP-31: Creator fund of 41 ETH"
    assert "its title is recorded as 'HIP-31: Creator fund of 41 ETH'" in failing(verify(draft(), stored))[0].message


def test_a_source_that_is_gone_is_named() -> None:
    stored = Stored()
    del stored.bodies["HIP-44"]
    assert [(r.rule, r.where) for r in failing(verify(draft(), stored))] == [("source.missing", "E5")]


def test_a_fact_that_no_record_knows_must_stand_in_the_text() -> None:
    rows = ledger()
    made = resealed(draft(evidence=(rows[0].model_copy(update={"facts": (*rows[0].facts, Fact(name="peak", value=1241))}), *rows[1:])))
    assert [r.message for r in resolve(made, Stored()) if r.level == "error"] == [
        "'peak', 1241, is neither recorded nor in the stored source (cited by motivation[0], motivation[1])"
    ]
    stored = Stored()
    del stored.records["rule-4.2"]
    assert failing(verify(draft(), stored)) == []


def test_a_quote_without_offsets_stands_anywhere_in_its_source() -> None:
    rows = ledger()
    loose = rows[7].model_copy(update={"locator": rows[7].locator.model_copy(update={"start": None, "end": None})})
    for quote, found in ((rows[7].quote, []), ("A vote lasts 7 days.", ["source.quote"])):
        changed = loose.model_copy(update={"quote": quote})
        made = resealed(draft(evidence=(*rows[:7], changed, rows[8])))
        assert [r.rule for r in failing(resolve(made, Stored()))] == found


def test_computed_values_are_recomputed() -> None:
    rows = ledger()
    wrong = rows[1].model_copy(update={"facts": (rows[1].facts[0].model_copy(update={"value": -41.0}),)})
    bare = rows[1].model_copy(update={"derivation": None})
    for changed, message in ((wrong, "but its inputs give -40.0"), (bare, "without its derivation")):
        found = failing(resolve(resealed(draft(evidence=(rows[0], changed, *rows[2:]))), Stored()))
        assert any(message in r.message for r in found), found
