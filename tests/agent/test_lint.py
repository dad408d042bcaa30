"""Lint: a well-formed text passes, each planted fault is found by the rule that forbids it."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prompts
from agent import rules
from agent.checks.rules import PROCESS, SKIPPED, lint, lint_draft, units
from agent.document import read_document
from agent.rules_report import report, table
from agent.schemas import CheckResult, DaoId, Draft, Proposal, ProposalId, Provenance, Section, Sentence

GOLDEN = Path(__file__).parent / "golden_rules"
PACKS = prompts.pack_names()


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


def wrong(dao: str, text: str, kind: str | None = None) -> dict[str, CheckResult]:
    found = lint(read_document(text), rules.load(dao), kind)
    return {result.rule: result for result in found if result.level in ("error", "warning")}


@pytest.mark.parametrize("name", [*PACKS, "harbor.zh"])
def test_a_well_formed_text_keeps_every_rule_of_its_dao(name: str) -> None:
    assert wrong(name.split(".", maxsplit=1)[0], golden(name)) == {}


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_there_is_one_result_per_rule_with_its_source_and_date(name: str, lang: str) -> None:
    pack = rules.load(name)
    results = lint(read_document("nothing"), pack, lang="zh" if lang == "zh" else "en")
    assert [result.rule for result in results] == [rule.id for rule in pack.data.rules]
    for result, rule in zip(results, pack.data.rules, strict=True):
        assert result.source == pack.cite(rule)
        assert (rule.text_zh if lang == "zh" else rule.text) in result.message
        assert rule.check != "note" or (result.level == "pass" and result.where in (PROCESS, SKIPPED))


FAULTS = [
    ("ens", "[Executable] ", "", "ens.title-label"),
    ("ens", "## Abstract\n\nThis", "This", "ens.abstract"),
    ("ens", "## Specification", "## Musings", "ens.specification"),
    ("ens", "Security reviews of the resolver contracts\n", "x" * 300 + "\n", "ens.title-length"),
    ("arbitrum", "[Non-Constitutional] ", "", "arbitrum.label"),
    ("arbitrum", "**Chains affected:** none directly; Arbitrum One holds the treasury.", "", "arbitrum.chains"),
    ("arbitrum", "## Motivation\n\nQuestions in the forum wait nine days for an answer.", "## Motivation", "arbitrum.motivation"),
    ("arbitrum", "## Rationale", "## Musings", "arbitrum.rationale"),
    ("arbitrum", "## Timeline", "## Musings", "arbitrum.timeline"),
    ("arbitrum", "## Overall Cost", "## Musings", "arbitrum.cost"),
    ("arbitrum", "## Steps to Implement", "## Musings", "arbitrum.steps"),
    ("arbitrum", "Questions in", "This is a resubmission. Questions in", "arbitrum.resubmission"),
    ("uniswap", "No change", "Never", "uniswap.no-change"),
    ("uniswap", "https://gov.uniswap.org/t/rfc-example/1", "the forum", "uniswap.links"),
    ("optimism", "[Draft] ", "", "optimism.title"),
    ("optimism", "**Proposal Type:** Protocol and Governor Upgrades", "", "optimism.type"),
    ("optimism", "We have no conflicts of interest to declare.", "", "optimism.conflicts"),
    ("optimism", "## Action Plan", "## Musings", "optimism.action-plan"),
    ("optimism", "Slow networks", "We resubmit this. Slow networks", "optimism.resubmission"),
    ("aave", "author: Example Risk Group\n", "", "aave.header"),
    ("aave", "2025-03-02", "the 2nd of March", "aave.header"),
    ("aave", "## Disclaimer", "## Musings", "aave.disclaimer"),
    ("aave", "## Specification", "## Musings", "aave.specification"),
    ("aave", "## Copyright", "## Musings", "aave.copyright"),
    ("compound", "## Actions", "## Musings", "compound.actions"),
    ("nouns", "## Transactions", "## Musings", "nouns.actions"),
    ("decentraland", "title: Publish the committee's minutes", "title: " + "x" * 81, "decentraland.title"),
    ("decentraland", "The committee publishes its minutes within a week.", "x" * 251, "decentraland.summary"),
    ("decentraland", "Minutes go to the forum within seven days of a meeting.", "short", "decentraland.specification"),
    ("decentraland", "## Implementation Pathways", "## Musings", "decentraland.pathways"),
    ("decentraland", "[yes, no]", "[yes, maybe]", "decentraland.yes-no"),
    ("makerdao", "Status: RFC\n", "", "maker.preamble"),
    ("makerdao", "## Sentence Summary", "## Musings", "maker.sentence-summary"),
    ("makerdao", "## Motivation", "## Musings", "maker.motivation"),
    ("celo", "cgp: 999\n", "", "celo.front-matter"),
    ("celo", "status: DRAFT", "status: SOON", "celo.front-matter"),
    ("celo", "## Proposed Changes", "## Musings", "celo.changes"),
    ("synthetix", "created: 2025-02-01", "created: lately", "synthetix.front-matter"),
    ("synthetix", "network: Ethereum\n", "", "synthetix.network"),
    ("synthetix", "## Copyright", "## Musings", "synthetix.copyright"),
    ("synthetix", "## Simple Summary", "## Musings", "synthetix.summary"),
    ("generic-snapshot", "[For, Against, Abstain]", "[For, " + "x" * 257 + "]", "snapshot.choices"),
    ("generic-snapshot", "[For, Against, Abstain]", "[" + ", ".join("abcdefghijklmnopqrstu") + "]", "snapshot.choices-20"),
    ("generic-snapshot", "Half of", "🚢" * 5000 + " Half of", "snapshot.body"),
    ("generic-snapshot", "Half of", "x" * 40_000 + " Half of", "snapshot.body-turbo"),
    ("generic-snapshot", "title: Fund a translation team", "title: " + "x" * 257, "snapshot.title"),
    ("generic-governor", "[For, Against, Abstain]", "[For, Against]", "governor.choices"),
    ("generic-governor", "to the auditors.\n", "to the auditors.\n\n#proposer=0x" + "ab" * 20 + "\n", "governor.proposer-suffix"),
    ("harbor", "type: Social\n", "", "harbor.1.1-type"),
    ("harbor", "## Budget", "## Musings", "harbor.3.4-budget"),
    ("harbor", "## Risks\n\nRebates may reward those who sell most already.", "## Risks\n\n- \n", "harbor.3.6-risks"),
    ("harbor", "[For, Against, Abstain]", "[For, Against]", "harbor.4.2-options"),
    ("harbor", "Ten creators", "Resubmission. Ten creators", "harbor.5.3-resubmission"),
    ("harbor.zh", "## 预算", "## 随想", "harbor.3.4-budget"),
]


@pytest.mark.parametrize(("name", "old", "new", "rule"), FAULTS)
def test_a_planted_fault_is_found(name: str, old: str, new: str, rule: str) -> None:
    text = golden(name)
    assert old in text
    dao = name.split(".", maxsplit=1)[0]
    kind = {
        "uniswap": "temperature-check",
        "aave": "arfc",
        "celo": "cgp",
        "synthetix": "sip",
        "makerdao": "mip",
        "optimism": "upgrade",
    }.get(dao)
    found = wrong(dao, text.replace(old, new), kind)
    assert rule in found
    assert set(found) <= {rule, "snapshot.body", "ens.type"}


def test_an_amendment_without_its_diff_is_an_error() -> None:
    text = "# [Amendment] A second article\n\n## Abstract\n\nA new article.\n\n## Specification\n\nIt is added.\n"
    assert set(wrong("ens", text)) == {"ens.amendment-diff"}
    assert wrong("ens", text + "\nhttps://github.com/ensdomains/docs/pull/1\n") == {}
    assert wrong("ens", text + "\n```diff\n+ a line\n```\n") == {}


def test_a_long_title_is_advice_where_the_dao_only_advises() -> None:
    text = golden("harbor").replace("Rebates for creators", "[Social] " + "x" * 51)
    (found,) = [result for result in lint(read_document(text), rules.load("harbor")) if result.level == "advice"]
    assert (found.rule, found.where, found.source) == ("harbor.2.1-title", "title", "Harbor DAO rules, 2025-01-15")
    assert "51 characters" in found.message


def test_a_rule_is_not_applied_to_a_text_older_than_the_rule() -> None:
    pack, text = rules.load("uniswap"), golden("uniswap").replace("No change", "Never")
    old = {r.rule: r for r in lint(read_document(text, created=date(2021, 5, 1)), pack)}
    new = {r.rule: r for r in lint(read_document(text, created=date(2025, 5, 1)), pack)}
    assert (old["uniswap.no-change"].level, old["uniswap.no-change"].where) == ("pass", SKIPPED)
    assert new["uniswap.no-change"].level == "error"


def test_a_rule_is_not_applied_to_titles_it_exempts() -> None:
    found = lint(read_document("nothing", title="The Stability Scope Framework"), rules.load("makerdao"), "mip")
    assert {r.where for r in found if r.rule == "maker.motivation"} == {SKIPPED}


def test_the_type_given_goes_before_the_type_guessed() -> None:
    results = lint(read_document("## Description\n\nWhy not?\n", title="Should names be longer?"), rules.load("decentraland"), "governance")
    assert any(result.rule == "decentraland.pathways" and result.level == "error" for result in results)


def test_options_given_go_before_options_in_the_text() -> None:
    document = read_document(golden("harbor"))
    results = lint(document, rules.load("harbor"), choices=("For", "Against"))
    assert any(result.rule == "harbor.4.2-options" and result.level == "error" for result in results)


def test_an_empty_heading_over_the_authors_own_headings_is_not_empty() -> None:
    spanning = "## Description\n\n## What I ask\n\nLonger names.\n"
    assert wrong("decentraland", spanning, "poll") == {}
    assert set(wrong("decentraland", "## Description\n\n", "poll")) == {"decentraland.description"}


def test_front_matter_that_was_cut_off_is_not_missed() -> None:
    document = read_document("## Overview\n\nx\n\n## Proposed Changes\n\ny\n", title="Lower a fee", front_known=False)
    assert [r.rule for r in lint(document, rules.load("celo")) if r.level in ("error", "warning")] == []


@given(st.text(), st.sampled_from(PACKS), st.sampled_from(["en", "zh"]))
def test_any_text_can_be_linted(text: str, name: str, lang: str) -> None:
    pack = rules.load(name)
    assert len(lint(read_document(text, title=text[:50]), pack, lang="zh" if lang == "zh" else "en")) == len(pack.data.rules)


@given(st.text())
def test_units_are_counted_as_javascript_does(text: str) -> None:
    assert units(text) == sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)


def _draft(dao: str, answered: bool = True) -> Draft:
    pack = rules.load(dao)
    kind = pack.default
    return Draft(
        run="r1",
        answered=answered,
        title=pack.title(kind.key, "Something new"),
        type=kind.key,
        dao=DaoId(dao),
        lang="en",
        topic="something new",
        writer="grounded",
        sections=tuple(
            Section(
                key=spec.key,
                heading=spec.heading,
                sentences=(Sentence(text=_filled(pack.blanks(kind.key, "en"), spec.key), kind="boilerplate"),),
            )
            for spec in pack.outline(kind.key, "en")
        ),
        choices=pack.choices(kind.key),
        evidence=(),
        provenance=Provenance(
            software="daoclerk 0", writer="grounded", writer_note="test", prompts_sha256="0", evidence_sha256="0", created=date(2026, 11, 1)
        ),
    )


def _filled(blanks: tuple[tuple[str, str], ...], key: str) -> str:
    return "Some words that say it all. " + " ".join(f"[[{what}]]" for section, what in blanks if section == key)


@pytest.mark.parametrize("name", PACKS)
def test_a_draft_that_fills_the_outline_keeps_every_rule(name: str) -> None:
    found = lint_draft(_draft(name), rules.load(name))
    assert [result for result in found if result.level in ("error", "warning")] == []
    assert found


def test_a_short_answer_is_not_linted() -> None:
    assert lint_draft(_draft("ens", answered=False), rules.load("ens")) == []


def _proposal(number: int, body: str) -> Proposal:
    digest = sha256(body.encode()).hexdigest()
    return Proposal(
        dao=DaoId("ens"),
        id=ProposalId(f"EP-{number}"),
        title="[Social] x",
        body=body,
        status="passed",
        type="social",
        sha256=digest,
        body_sha256=digest,
    )


def test_the_report_counts_what_accepted_proposals_break() -> None:
    good = "## Abstract\n\na\n\n## Specification\n\nb\n"
    rows = [_proposal(1, good), _proposal(2, good), _proposal(3, "## Abstract\n\na\n")]
    found = report(rows, rules.load("ens"))
    by_rule = {row.rule: row for row in found.rows}
    assert (found.proposals, found.with_error) == (3, 0)
    assert (by_rule["ens.specification"].applied, by_rule["ens.specification"].failed) == (3, 1)
    assert by_rule["ens.specification"].examples == ("EP-3",)
    assert by_rule["ens.description"].kept is None
    assert "| ens | ens.specification | warning | 3 | 1 | 66.7 % |" in table([found])


def test_the_report_names_an_error_that_accepted_proposals_break() -> None:
    rows = [_proposal(n, "## Description\n\nWhy?\n") for n in range(3)]
    found = report((row.model_copy(update={"type": "governance"}) for row in rows), rules.load("decentraland"))
    assert "decentraland.motivation" in found.too_strict
    assert found.with_error == 3
