"""An earlier proposal that asks for the same is found by its title or its text and told with its outcome."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.checks.duplicates import Earlier, earlier, jaccard, near, resubmission, shingles, text_likeness, title_likeness
from tests.agent.harbor_draft import draft, ledger, one, s

TEXT = " ".join(f"word{index} and thing{index}" for index in range(30))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("[EP 5.2] [Social] Fund the ecosystem working group", "Fund ecosystem working group", True),
        ("HIP-58: Renew curator stipends", "Renew the Curator Stipends!", True),
        ("Draft: creator fund", "Creator rebates", False),
        ("创作者基金资助计划", "【提案】创作者基金资助", True),
        ("创作者基金资助计划", "国库多元化方案", False),
        ("", "", False),
        ("HIP-31", "HIP-31", True),
    ],
)
def test_titles_are_compared_by_their_content_words(one: str, other: str, same: bool) -> None:
    assert (title_likeness(one, other) >= 0.6) is same


def test_texts_are_compared_by_shingles_and_short_ones_not_at_all() -> None:
    assert text_likeness(TEXT, TEXT) == 1
    assert text_likeness(TEXT, TEXT + " " + TEXT[::-1]) == 1
    assert text_likeness(TEXT, " ".join(reversed(TEXT.split()))) < 0.5
    assert text_likeness("a b c d e", "a b c d e") == 0


@settings(deadline=None)
@given(st.frozensets(st.text(max_size=2), max_size=5), st.frozensets(st.text(max_size=2), max_size=5))
def test_likeness_is_symmetric_and_between_nought_and_one(one: frozenset[str], other: frozenset[str]) -> None:
    assert jaccard(one, other) == jaccard(other, one)
    assert 0 <= jaccard(one, other) <= 1
    assert jaccard(one, one) == (1 if one else 0)


def test_the_most_alike_comes_first() -> None:
    old = [
        Earlier("A", "creator rebates pilot", "", "failed"),
        Earlier("B", "creator rebates", "", "passed"),
        Earlier("C", "a logo", "", "failed"),
    ]
    assert [(found.id, round(score, 2)) for found, score in near("Creator rebates", "", old)] == [("B", 1.0), ("A", 0.67)]
    assert [found.id for found, _ in near("other", TEXT, [Earlier("D", "x", TEXT, "failed")])] == ["D"]


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        ("failed", "warning", "it failed; say what has changed since"),
        ("withdrawn", "warning", "it was withdrawn"),
        ("passed", "advice", "it passed; say why it is needed again"),
        ("unknown", "advice", "its outcome is not recorded"),
    ],
)
def test_a_resubmission_is_told_with_its_outcome(status: str, level: str, words: str) -> None:
    found = resubmission(draft(), [Earlier("HIP-9", "Quarterly rebates for creators", "", status, "2024-01-05T00:00:00Z")])
    assert [(r.level, r.rule, r.where) for r in found] == [(level, "duplicate.resubmission", "title")]
    assert "HIP-9 'Quarterly rebates for creators' (2024-01-05), likeness 1.00" in found[0].message
    assert words in found[0].message


def test_the_drafts_own_words_are_compared_and_its_quotations_are_not() -> None:
    old = [Earlier("D", "something else", TEXT, "failed")]
    copied, quoted = one(s(TEXT, "opinion")), one(s(f"“{TEXT}”", "fact", "E3", quotes=(TEXT,)))
    assert [r.level for r in resubmission(copied, old)] == ["warning"]
    assert [r.level for r in resubmission(quoted, old)] == ["pass"]


def test_a_shingle_is_four_words() -> None:
    assert shingles("a b c d e") == {"a b c d", "b c d e"}
    assert shingles("a b c") == set()


def test_proposals_of_the_ledger_are_the_default_candidates() -> None:
    assert [(one.id, one.status, one.created) for one in earlier(ledger())] == [
        ("HIP-31", "failed", "2024-02-18"),
        ("HIP-44", "passed", "2024-09-12"),
        ("HIP-52", "withdrawn", "2024-08-20"),
    ]
    assert [r.level for r in resubmission(draft())] == ["pass"]
    assert [r.level for r in resubmission(draft(title="Creator fund of 40 ETH"))] == ["warning"]
    assert [r.level for r in resubmission(draft(topic="Curator stipends"))] == ["advice"]
