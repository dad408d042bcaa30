"""No uncited claim: citations exist, resolve, and quotations stand word for word in what is cited."""

import pytest

from agent.checks import citations
from agent.schemas import CheckResult, Draft, Sentence
from tests.agent.harbor_draft import draft, ledger, one, s


def errors(made: Draft) -> list[tuple[str, str]]:
    return [(result.rule, result.where) for result in citations.check(made) if result.level == "error"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sound_draft_passes_every_rule_and_says_what_was_counted(lang: str) -> None:
    results = citations.check(draft("zh" if lang == "zh" else "en"))
    assert {result.level for result in results} == {"pass"}
    assert len(results) == 7


def test_a_pass_says_how_much_was_looked_at() -> None:
    assert [result.message for result in citations.check(draft())] == [
        "all 10 factual sentences cite evidence",
        "all 13 citations name evidence of the ledger",
        "all 3 quotes stand in the evidence cited",
        "all 4 quotations stand in the evidence cited or in the request",
        "2 uncited opinions and set phrases state no number and no outcome",
        "the title and the choices state no number of their own",
        "the 9 pieces of evidence are those the provenance names",
    ]


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        (s("Harbor sells pictures.", "fact"), "citation.missing"),
        (s("So sales may recover.", "inference"), "citation.missing"),
        (s("A vote lasts 7 days.", "fact", "E99"), "citation.unknown"),
        (s("It asked for “a lot”.", "fact", "E3", quotes=("a lot",)), "citation.quote"),
        (s("It asked for money.", "fact", "E3", quotes=("asks for 40 ETH",)), "citation.quote"),
        (s("It asked.", "fact", "E3", quotes=("",)), "citation.quote"),
        (s("The reply was “there was no way to tell if it worked”.", "fact", "E7"), "citation.quotation"),
        (s("回复说“没有任何办法判断成效”。", "fact", "E7"), "citation.quotation"),
        (s("So-called “letters of my small” are many.", "opinion"), "citation.quotation"),
        (s("所谓“长长的新内容啊”太长。", "opinion"), "citation.quotation"),
        (s("He wrote “17 of 23 replies said so”, not “there is a way to tell it”.", "fact", "E7"), "citation.quotation"),
        (s("This sets aside 5 % of fees.", "opinion"), "citation.smuggled"),
        (s("It starts on 3 March 2024.", "boilerplate"), "citation.smuggled"),
        (s("HIP-31 was a mistake.", "opinion"), "citation.smuggled"),
        (s("Three proposals were made.", "opinion"), "citation.smuggled"),
        (s("The creator fund failed.", "opinion"), "citation.smuggled"),
        (s("创作者基金未获通过。", "opinion"), "citation.smuggled"),
    ],
)
def test_an_unsound_sentence_is_named_with_the_rule_it_breaks(sentence: Sentence, rule: str) -> None:
    found = errors(one(sentence))
    assert (rule, "motivation[0]") in found


@pytest.mark.parametrize(
    "sentence",
    [
        s("Rebates may reward those who already sell most.", "opinion"),
        s("If it failed, the funds would stay.", "opinion"),
        s("若未获通过，资金不动用。", "opinion"),
        s("Rights are waived through CC0.", "boilerplate"),
        s("This asks to decide on “rebates for 10 creators”.", "fact", "E1"),
        s("It was called “Creator  fund of 40 ETH”.", "fact", "E3"),
        s("He wrote “17 of 23 replies said so”.", "fact", "E7", quotes=("17 of  23 replies said so",)),
        s("A vote lasts 7 days.", "opinion", "E8"),
        s("So-called “rebates”.", "opinion"),
        s("So-called “letters of a small” are few.", "opinion"),
        s("所谓“短短之内容”很短。", "opinion"),
    ],
)
def test_a_sound_sentence_is_left_alone(sentence: Sentence) -> None:
    assert errors(one(sentence)) == []


def test_the_second_of_two_sentences_is_the_one_named() -> None:
    made = one(s("A vote lasts 7 days.", "fact", "E8"))
    section = made.sections[0].model_copy(update={"sentences": (*made.sections[0].sentences, s("Sales rose.", "fact"))})
    assert errors(made.model_copy(update={"sections": (section,)})) == [("citation.missing", "motivation[1]")]


@pytest.mark.parametrize(
    ("title", "choices", "expected"),
    [
        ("Rebates for 10 creators", ("For", "Against"), []),
        ("Rebates for 11 creators", ("For", "Against"), ["title"]),
        ("Pay 40 ETH", ("For", "Against"), []),
        ("Rebates", ("10", "99"), ["choices[1]"]),
    ],
)
def test_the_title_and_the_choices_make_up_no_number(title: str, choices: tuple[str, ...], expected: list[str]) -> None:
    made = draft(title=title, choices=choices)
    assert [where for rule, where in errors(made) if rule == "citation.outside"] == expected


def test_a_ledger_that_was_exchanged_or_holds_an_id_twice_is_noticed() -> None:
    rows = ledger()
    assert ("citation.ledger", "evidence") in errors(draft(evidence=rows[1:]))
    twice: list[CheckResult] = citations.check(draft(evidence=(*rows, rows[0])))
    assert any("called 'E1'" in result.message for result in twice)
