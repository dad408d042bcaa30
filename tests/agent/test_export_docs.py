"""The documented shape of a draft is the shape of a draft."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from agent import draft_schema
from agent.export import export
from agent.ledger import evidence_sha256, seal, sha256
from agent.schemas import (
    Blank,
    CheckResult,
    Derivation,
    Draft,
    Evidence,
    Fact,
    FactRef,
    Locator,
    LookedFor,
    Provenance,
    Section,
    Sentence,
)
from tests.agent.fixture_drafts import chinese, drafts, english, unanswered
from tools.governor_id import check_actions

DOCS = Path(__file__).parents[2] / "docs"
SHAPES = (Draft, Section, Sentence, Blank, CheckResult, LookedFor, Evidence, Locator, Fact, FactRef, Derivation, Provenance)


def examples(name: str) -> list[str]:
    return re.findall(r"```json\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)


def test_the_schema_file_is_up_to_date() -> None:
    assert draft_schema.PATH.read_text(encoding="utf-8") == draft_schema.text(), "run python -m agent.draft_schema"


@pytest.mark.parametrize("draft", [english(), chinese(), unanswered()], ids=["en", "zh", "unanswered"])
def test_exported_drafts_fit_the_schema(draft: Draft) -> None:
    jsonschema.validate(json.loads(export(draft, "json").data), json.loads(draft_schema.text()))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(drafts())
def test_strange_drafts_fit_the_schema_and_an_unknown_field_does_not(draft: Draft) -> None:
    row, schema = json.loads(export(draft, "json").data), json.loads(draft_schema.text())
    jsonschema.validate(row, schema)
    with pytest.raises(jsonschema.ValidationError, match="Additional properties"):
        jsonschema.validate({**row, "sender": "x"}, schema)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_field_of_every_shape_is_documented(shape: type[BaseModel]) -> None:
    text = re.sub(r"```json.*?```", "", (DOCS / "draft-format.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    named = set(re.findall(r"`(\w+)`", text))
    assert {field.alias or name for name, field in shape.model_fields.items()} - named == set()


def test_the_documented_example_is_a_sealed_draft_whose_quotes_stand_in_their_source() -> None:
    (text,) = examples("draft-format.md")
    draft = Draft.model_validate_json(text)
    assert seal(draft) == draft
    assert export(draft, "json").data.decode() == text
    assert evidence_sha256(draft.evidence) == draft.provenance.evidence_sha256
    body = "This proposal asks for 40 ETH, once, to pay creators. There is no report at the end."
    (row,) = draft.evidence
    assert row.sha256 == sha256(body)
    assert body[row.locator.start : row.locator.end] == row.quote
    assert draft.sections[0].sentences[0].quotes[0] in row.quote


def test_the_documented_actions_are_read() -> None:
    (text,) = examples("exports.md")
    assert check_actions(json.loads(text)).values == (10**18,)
