"""A sentence is supported by its words, numbers, quotes and outcomes; recall and precision follow ALCE's definitions."""

import pytest

from agent.checks.support import alce, supports
from agent.schemas import Section, Sentence
from tests.agent.harbor_draft import draft, ledger, one, s

ROWS = {row.id: row for row in ledger()}


def supported(text: str, *cites: str, quotes: tuple[str, ...] = ()) -> bool:
    return supports(s(text, "fact", *cites, quotes=quotes), [ROWS[name] for name in cites])


@pytest.mark.parametrize(
    ("text", "cites"),
    [
        ("HIP-31 asked for 40 ETH to pay 12 creators who list on Harbor Market.", ("E3",)),
        ("HIP-31 “Creator fund of 40 ETH” failed with 46.25 % for.", ("E3", "E4")),
        ("Curators received a share of protocol fees.", ("E5",)),
        ("A vote lasts 7 days and needs a quorum of 150,000 HBR.", ("E8",)),
        ("投票为期 7 天。", ("E8",)),
        ("创作者基金申请 3.5万枚 HBR。", ("E9",)),
        ("HIP-31 failed.", ("E3",)),
        ("Protocol fees shine.", ("E5",)),
    ],
)
def test_a_sentence_that_says_what_is_cited_is_supported(text: str, cites: tuple[str, ...]) -> None:
    assert supported(text, *cites)


@pytest.mark.parametrize(
    ("text", "cites"),
    [
        ("HIP-31 asked for 41 ETH to pay creators who list on Harbor Market.", ("E3",)),
        ("HIP-31 passed.", ("E3",)),
        ("The moon is made of cheese and 40 ETH.", ("E3",)),
        ("Validators lost their insurance deposits.", ("E3",)),
        ("It was so.", ("E3",)),
        ("HIP-31 asked for 40 ETH.", ()),
        ("创作者基金用于购买办公楼与汽车。", ("E9",)),
        ("投票很重要。", ("E8",)),
    ],
)
def test_a_sentence_that_says_something_else_is_not(text: str, cites: tuple[str, ...]) -> None:
    assert not supported(text, *cites)


def test_a_listed_quote_must_be_genuine() -> None:
    assert supported("gull wrote: “17 of 23 replies said so”.", "E7", quotes=("17 of 23 replies said so",))
    assert not supported("gull wrote: “17 of 23 replies”.", "E7", quotes=("17 of 24 replies",))


def test_plain_text_is_a_sentence_too() -> None:
    assert supports("HIP-31 asked for 40 ETH.", [ROWS["E3"]])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sound_draft_has_full_recall_and_precision(lang: str) -> None:
    quality = alce(draft("zh" if lang == "zh" else "en"))
    assert (quality.recall, quality.precision) == (1, 1)
    assert quality.claims == (10 if lang == "en" else 5)
    assert quality.citations == (13 if lang == "en" else 8)


def test_recall_and_precision_count_misses_strangers_and_passengers() -> None:
    good, vote = "HIP-31 asked for 40 ETH to pay 12 creators.", "A vote lasts 7 days."
    sentences: tuple[Sentence, ...] = (
        s(good, "fact", "E3"),
        s(vote, "fact", "E8", "E5"),
        s("Harbor is a place.", "fact"),
        s(vote, "inference", "E3", "E99"),
        s("I like it.", "opinion"),
    )
    quality = alce(draft(sections=(Section(key="m", heading="M", sentences=sentences),)))
    assert (quality.claims, quality.citations) == (4, 5)
    assert quality.recall == 2 / 4
    assert quality.precision == 2 / 5


def test_two_citations_that_are_needed_together_are_both_relevant() -> None:
    quality = alce(one(s("HIP-31 failed with 46.25 % for.", "fact", "E3", "E4")))
    assert quality == (1, 1, 1, 2)


def test_a_draft_without_claims_misses_none() -> None:
    assert alce(one(s("I like it.", "opinion"))) == (1, 1, 0, 0)
