"""How the order of a topic takes in the nearest vectors."""

import numpy as np

from retrieval.ranker import joined


def test_near_vectors_join_behind_the_first_places_and_nothing_is_lost() -> None:
    ranked = [(9.0 - i, place) for i, place in enumerate((4, 2, 0, 1, 3, 5))]
    cosine = np.array([0.1, 0.2, 0.1, 0.0, 0.3, 0.9], np.float32)
    found = joined(ranked, cosine)
    assert [place for _, place in found][:3] == [4, 2, 0]
    assert sorted(place for _, place in found) == [0, 1, 2, 3, 4, 5]
    assert [place for _, place in found].index(5) < 5
    assert [score for score, _ in found] == sorted((score for score, _ in found), reverse=True)


def test_without_vectors_the_order_stays() -> None:
    ranked = [(3.0, 1), (2.0, 0), (1.0, 2)]
    assert joined(ranked, np.zeros(3, np.float32)) == ranked
