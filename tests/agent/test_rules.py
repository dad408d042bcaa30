"""The rule packs: each loads strictly, each rule can be quoted, outlines cover what a draft must."""

import tomllib
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from pydantic import ValidationError

import prompts
from agent import rules
from agent.rule_shapes import PackData
from agent.rules import RulePack
from agent.schemas import Lang

PACKS = prompts.pack_names()
COVERED = {
    "abstract",
    "motivation",
    "rationale",
    "precedents",
    "specification",
    "actions",
    "budget",
    "timeline",
    "risks",
    "dissent",
    "conflicts",
    "options",
    "changes",
}


@pytest.fixture(params=PACKS)
def pack(request: pytest.FixtureRequest) -> RulePack:
    return rules.load(str(request.param))


def test_the_packs_asked_for_are_there() -> None:
    asked = (
        "ens arbitrum uniswap optimism aave compound nouns decentraland makerdao celo synthetix generic-snapshot generic-governor harbor"
    )
    assert set(asked.split()) <= set(rules.known())


def test_every_rule_names_a_source_with_a_date(pack: RulePack) -> None:
    for rule in pack.data.rules:
        source = pack.source(rule)
        assert source.title
        assert date(2018, 1, 1) < rule.date <= date(2026, 12, 31)
        assert rule.since is None or rule.since <= pack.data.as_of
        assert rule.date.isoformat() in pack.cite(rule)


def test_every_rule_speaks_both_languages(pack: RulePack) -> None:
    for rule in pack.data.rules:
        assert rule.text.isascii() or "–" in rule.text or "—" in rule.text
        assert any("\u4e00" <= sign <= "\u9fff" for sign in rule.text_zh)


def test_every_section_of_every_type_has_a_heading_in_both_languages(pack: RulePack) -> None:
    for kind in pack.types:
        for key in kind.sections:
            assert pack.section(key, kind.key, "en").heading != pack.section(key, kind.key, "zh").heading
            assert pack.section(key, kind.key, "en").guidance
            assert pack.section(key, kind.key, "zh").guidance


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_outline_keeps_the_daos_order_and_covers_every_section(pack: RulePack, lang: Lang) -> None:
    for kind in pack.types:
        outline = pack.outline(kind.key, lang)
        keys = [spec.key for spec in outline]
        assert len(keys) == len(set(keys))
        assert set(keys) >= COVERED | set(kind.sections)
        assert [key for key in keys if key in kind.sections] == list(kind.sections)
        assert all(spec.min_chars <= spec.max_chars for spec in outline)
        headings = [spec.heading.casefold() for spec in outline]
        assert len(headings) == len(set(headings))


def test_a_section_a_rule_asks_for_is_required_in_the_outline() -> None:
    required = {spec.key for spec in rules.load("arbitrum").outline("constitutional", "en") if spec.required}
    assert required == {"abstract", "motivation", "rationale", "specification", "actions", "timeline", "budget"}


def test_lengths_of_a_form_reach_the_outline() -> None:
    outline = {spec.key: spec for spec in rules.load("decentraland").outline("governance", "en")}
    assert (outline["summary"].min_chars, outline["summary"].max_chars) == (20, 250)
    assert {spec.key: spec.max_chars for spec in rules.load("decentraland").outline("grant", "en")}["abstract"] == 500


def test_rules_become_evidence_that_can_be_checked_again(pack: RulePack) -> None:
    for lang in ("en", "zh"):
        rows = pack.evidence(lang=lang)
        assert len(rows) == len(pack.data.rules)
        for row in rows:
            assert row.kind == "rule"
            assert row.sha256 == sha256(row.quote.encode()).hexdigest()
            assert row.locator.path == f"prompts/daos/{pack.id}.toml"
            again = pack.rule(row.locator.id or "")
            assert again is not None
            assert getattr(again, row.locator.field or "") == row.quote


def test_the_numbers_of_a_threshold_stand_in_the_rules_words(pack: RulePack) -> None:
    for rule in pack.data.rules:
        plain = rule.text.replace(",", "")
        for fact in rule.facts:
            assert not isinstance(fact.value, str)
            named = {2: "two", 66.67: "two thirds", 14: "2 weeks"}.get(fact.value, "\0")
            assert f"{fact.value:g}" in plain or str(fact.value) in plain or named in plain, (rule.id, fact)


def test_evidence_of_one_type_leaves_out_the_rules_of_others() -> None:
    ids = {row.locator.id for row in rules.load("ens").evidence("social")}
    assert "ens.quorum-social" in ids
    assert "ens.quorum-executable" not in ids


@pytest.mark.parametrize(
    ("asked", "found"), [("ENS", "ens"), ("sky", "makerdao"), ("maker", "makerdao"), ("Harbor DAO", "harbor"), ("aave.eth", "aave")]
)
def test_a_dao_is_found_by_its_other_names(asked: str, found: str) -> None:
    assert rules.load(asked).id == found
    assert not rules.load(asked).generic


def test_an_unknown_dao_gets_the_snapshot_rules_under_its_own_name() -> None:
    pack = rules.load("mutantsdao")
    assert (pack.generic, pack.id, pack.name) == (True, "generic-snapshot", "mutantsdao")
    assert all(row.locator.dao == "mutantsdao" for row in pack.evidence())


def test_no_two_packs_answer_to_one_name() -> None:
    names = [word for name in PACKS for word in {rules.plain(alias) for alias in (name, *rules.load(name).data.aliases)}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("dao", "topic", "kind"),
    [
        ("ens", "Amend the constitution to add a second article", "amendment"),
        ("ens", "修改章程第二条", "amendment"),
        ("ens", "Reimburse the legal fees of a gateway", "executable"),
        ("ens", "[Social] Reimburse the legal fees of a gateway", "social"),
        ("ens", "Election of stewards for the next term", "social"),
        ("arbitrum", "ArbOS upgrade of the sequencer", "constitutional"),
        ("arbitrum", "A grant program for games", "non-constitutional"),
        ("decentraland", "Add the location 3,4 to the points of interest", "poi"),
        ("decentraland", "Should names be longer?", "poll"),
        ("synthetix", "Raise the maximum market value and skew parameters", "sccp"),
        ("harbor", "从国库转账支付审计费用", "treasury"),
        ("harbor", "创作者返利", "treasury"),
        ("optimism", "Ratify the council's charter", "ratification"),
        ("uniswap", "RFC - A new fee tier", "rfc"),
        ("ens", "zzz", "social"),
    ],
)
def test_a_topic_is_put_under_the_type_it_fits(dao: str, topic: str, kind: str) -> None:
    assert rules.load(dao).classify(topic).key == kind


@pytest.mark.parametrize(
    ("dao", "kind", "text", "title"),
    [
        ("ens", "social", "Elect stewards", "[Social] Elect stewards"),
        ("ens", "social", "[Executable] Elect\n stewards ", "[Social] Elect stewards"),
        ("ens", "social", "[Social] Elect stewards", "[Social] Elect stewards"),
        ("uniswap", "temperature-check", "RFC - Deploy v3", "Temperature Check — Deploy v3"),
        ("aave", "arfc", "[TEMP CHECK] Raise caps", "[ARFC] Raise caps"),
        ("aave", "aip", "Raise caps", "Raise caps"),
        ("decentraland", "poll", "[Resubmission] Pay members", "[Resubmission] Pay members"),
    ],
)
def test_a_title_gets_the_prefix_of_its_type(dao: str, kind: str, text: str, title: str) -> None:
    assert rules.load(dao).title(kind, text) == title


def test_a_titled_draft_is_read_back_as_its_type(pack: RulePack) -> None:
    for kind in pack.types:
        if [other.prefix for other in pack.types].count(kind.prefix) == 1 and kind.prefix:
            assert pack.named(pack.title(kind.key, "Something new")) == kind


def test_the_ballot_keeps_the_daos_own_options() -> None:
    assert "No change" in rules.load("uniswap").choices("temperature-check")
    assert rules.load("harbor").choices("social") == ("For", "Against", "Abstain")


def test_the_shortest_title_rule_wins() -> None:
    assert rules.load("harbor").title_max == 50
    assert (rules.load("aave").title_limit("aip"), rules.load("aave").title_limit("arfc")) == (44, 256)


def test_a_draft_is_told_what_only_its_author_can_add() -> None:
    assert rules.load("arbitrum").blanks("constitutional", "en") == (("specification", "which chains are affected"),)
    assert rules.load("harbor").blanks("social", "zh") == ()


def _broken(change: dict[str, Any]) -> dict[str, Any]:
    return tomllib.loads(prompts.pack_text("nouns")) | change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"colour": "red"}, "extra_forbidden|Extra inputs"),
        ({"sources": []}, "no source 'logic'|no source 'accepted'"),
        ({"types": []}, "exactly one type"),
        ({"limits": {"titel": 3}}, "Extra inputs"),
        ({"schema": "daoclerk.rules/2"}, "daoclerk.rules/1"),
    ],
)
def test_a_pack_with_a_mistake_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        PackData.model_validate(_broken(change))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"colour": "red"}, "Extra inputs"),
        ({"check": "magic"}, "union_tag_invalid|does not match any"),
        ({"level": "note"}, "go together"),
        ({"types": ["nothing"]}, "no type"),
        ({"text": ""}, "at least 10"),
        ({"since": "soon"}, "date"),
    ],
)
def test_a_rule_with_a_mistake_is_refused(change: dict[str, Any], problem: str) -> None:
    data = _broken({})
    data["rules"][0] |= change
    with pytest.raises(ValidationError, match=problem):
        PackData.model_validate(data)


def test_a_rule_that_stands_twice_is_refused() -> None:
    data = _broken({})
    data["rules"].append(data["rules"][0])
    with pytest.raises(ValidationError, match="named twice"):
        PackData.model_validate(data)
