"""Proves that the glossary carries a question across languages."""

from collections import Counter

from retrieval import glossary
from retrieval.tokens import stems, tokens


def test_there_are_several_hundred_entries_and_each_has_english_words() -> None:
    entries = glossary.entries()
    assert len(entries) > 400
    assert all(words and all(word.isascii() for word in words) for words in entries.values())


def test_the_longest_term_wins() -> None:
    assert glossary.matches("治理代币的法定人数") == ["治理代币", "法定人数"]


def test_a_chinese_question_gains_english_terms_at_a_lower_weight() -> None:
    text = "国库拨款"
    out = glossary.expand(text, Counter(tokens(text)))
    treasury, grant = stems(["treasury", "grant"])
    assert 0 < out[treasury] < 1
    assert 0 < out[grant] < 1


def test_an_english_question_gains_chinese_terms() -> None:
    out = glossary.expand("treasury grant", Counter(tokens("treasury grant")))
    assert out["国库"] == glossary.WEIGHT
    assert out[stems(["treasury"])[0]] == 1


def test_names_and_numbers_survive_the_translation() -> None:
    assert glossary.to_english("把DAI的债务上限提高到450%").split() == ["DAI", "debt", "ceiling", "increase", "raise", "450%"]


def test_a_text_without_known_terms_translates_to_nothing() -> None:
    assert glossary.to_english("啊呀") == ""
