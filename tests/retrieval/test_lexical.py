"""Proves that the field scores as BM25 says, and that its arrays bring it back."""

from collections import Counter

import numpy as np
import pytest

from retrieval.lexical import Field

TEXTS = [["fund", "grant", "fund"], ["grant", "vote"], ["vote", "quorum", "vote", "vote"], []]


def test_scores_equal_those_of_bm25s() -> None:
    import bm25s

    field = Field.build(TEXTS[:3], k1=1.5, b=0.75)
    other = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    other.index(TEXTS[:3], show_progress=False)
    # Lucene's variant leaves out the constant (k1 + 1), which changes no order.
    ours = field.scores({"vote": 1.0, "grant": 1.0}) / 2.5
    assert np.allclose(ours, other.get_scores(["vote", "grant"]), atol=1e-5)


def test_a_term_asked_twice_counts_twice() -> None:
    field = Field.build(TEXTS)
    assert np.allclose(field.scores(Counter(["vote", "vote"])), 2 * field.scores({"vote": 1.0}))


def test_an_unknown_term_scores_nothing() -> None:
    assert not Field.build(TEXTS).scores({"absent": 1.0}).any()


def test_idf_falls_with_the_number_of_documents() -> None:
    field = Field.build(TEXTS)
    assert field.idf("quorum") > field.idf("vote") > 0
    assert field.df("vote") == 2


def test_arrays_bring_the_field_back() -> None:
    field = Field.build(TEXTS)
    again = Field.from_arrays("x", field.arrays("x"), len(TEXTS))
    assert np.array_equal(again.scores({"grant": 1.0}), field.scores({"grant": 1.0}))


def test_arrays_that_do_not_fit_are_refused() -> None:
    arrays = Field.build(TEXTS).arrays("x")
    arrays["x.indptr"] = arrays["x.indptr"][:-1]
    with pytest.raises(ValueError, match="does not fit"):
        Field.from_arrays("x", arrays, len(TEXTS))


def test_an_empty_field_answers() -> None:
    assert Field.build([]).scores({"vote": 1.0}).shape == (0,)


def test_a_document_covers_its_own_terms() -> None:
    field = Field.build(TEXTS)
    whole = field.scores(dict.fromkeys(set(TEXTS[0]), 1.0))
    assert field.own()[0] == pytest.approx(whole[0])
