"""Proves what becomes a search term."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.tokens import bigrams, clean, grams, has_chinese, ids, tokens


@pytest.mark.parametrize("text", ["EP 5.2", "EP5.2", "EP-5.2", "see EP-5.2."])
def test_an_id_is_one_term_however_it_is_written(text: str) -> None:
    assert "ep-5.2" in tokens(text)


@pytest.mark.parametrize(("text", "term"), [("SIP-105", "sip-105"), ("AIP-42", "aip-42"), ("MIP40c3-SP36", "mip-40c3-sp36")])
def test_ids_of_other_shapes_are_terms_too(text: str, term: str) -> None:
    assert ids(text) == [term]


def test_a_month_and_a_year_are_no_id() -> None:
    assert ids("in May 2021 we voted") == []


def test_an_address_stays_whole() -> None:
    address = "0xEA3bBC909954d737019FEf5AB25dFDb38CB9aaaa"
    assert address.lower() in tokens(f"send it to {address}, please")


def test_links_leave_only_their_words() -> None:
    assert clean("see [the forum](https://forum.example.org/t/12) or https://x.example").split() == ["see", "the", "forum", "or"]


def test_english_is_stemmed_and_stop_words_are_gone() -> None:
    assert tokens("The proposals are funding grants") == ["propos", "fund", "grant"]


def test_chinese_is_cut_into_words_and_governance_terms_stay_whole() -> None:
    words = tokens("提高法定人数的提案")
    assert "法定人数" in words
    assert "提案" in words
    assert "的" not in words


def test_amounts_lose_their_commas() -> None:
    assert "115000" in tokens("115,000 USDC")


def test_bigrams_join_neighbours() -> None:
    assert bigrams(["a", "b", "c"]) == ["a b", "b c"]


def test_grams_are_padded() -> None:
    assert grams("Fee") == [" fee", "fee "]


@given(st.text(max_size=300))
def test_no_text_breaks_the_tokens(text: str) -> None:
    assert all(word for word in tokens(text))
    assert isinstance(has_chinese(text), bool)
