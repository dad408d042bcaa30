"""Walking a draft: what is cited, what is genuine, and what the writer says in its own words."""

from agent.checks.places import Place, genuine, own_words, places
from tests.agent.harbor_draft import draft, ledger, one, s

ROWS = {row.id: row for row in ledger()}


def test_places_count_from_nought_and_keep_unknown_ids_apart() -> None:
    found = list(places(draft()))
    assert [place.where for place in found][:4] == ["motivation[0]", "motivation[1]", "motivation[2]", "precedents[0]"]
    (only,) = places(one(s("x", "fact", "E2", "E77", "E2", "E1")))
    assert ([row.id for row in only.rows], only.unknown) == (["E2", "E1"], ("E77",))


def test_own_words_leave_out_the_longest_genuine_quotation_and_blanks() -> None:
    short, long = "40 ETH", "asks for 40 ETH ($72,500)"
    place = Place("", s(f"It “{long}” of [[whom]], not “41 ETH”.", "fact", "E3", quotes=(short, long, "41 ETH")), (ROWS["E3"],), ())
    assert genuine(place) == (short, long)
    assert " ".join(own_words(place).split()) == "It “ ” of , not “41 ETH”."


def test_a_title_in_quotation_marks_is_genuine_without_its_markup() -> None:
    place = Place("", s("“Creator *fund* of 40 ETH” and “Another fund”", "fact", "E3"), (ROWS["E3"],), ())
    assert genuine(place) == ("Creator *fund* of 40 ETH",)
