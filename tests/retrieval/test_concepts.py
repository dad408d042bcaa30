"""Concepts name the same thing in both languages."""

import pytest

from agent.passages import relevance
from retrieval.concepts import concepts


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("国库多元化", "Diversify the treasury into stablecoins"),
        ("降低法定人数", "Reduce the quorum"),
        ("开发者资助", "Developer grants round"),
        ("treasury diversification", "国库多元化方案"),
        ("grants", "资助申请"),
    ],
)
def test_a_question_is_near_a_text_in_the_other_language(question: str, text: str) -> None:
    assert relevance(concepts(question), text) >= 0.5


def test_unrelated_texts_stay_far() -> None:
    assert relevance(concepts("国库多元化"), "A party for the artists") == 0.0
