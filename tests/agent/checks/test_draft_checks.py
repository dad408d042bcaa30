"""All checks run in order, and what fails is removed and told."""

import pytest

from agent.checks.draft import check, prune
from agent.schemas import Blank, Draft, Section
from tests.agent.harbor_draft import ENGLISH, draft, s


def errors(made: Draft) -> list[str]:
    return [f"{r.rule} {r.where}" for r in check(made) if r.level == "error"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sound_draft_has_no_finding_and_nothing_is_removed(lang: str) -> None:
    made = draft("zh" if lang == "zh" else "en")
    results = check(made)
    assert {r.level for r in results} == {"pass"}
    assert prune(made, results) == (made, ())
    assert f"all {10 if lang == 'en' else 5} factual sentences are supported by what they cite" in {r.message for r in results}


def test_a_sentence_with_little_of_what_it_cites_is_a_warning() -> None:
    made = draft(sections=(Section(key="m", heading="M", sentences=(s("Validators lost their insurance deposits.", "fact", "E3"),)),))
    assert [(r.rule, r.level, r.where) for r in check(made) if r.level != "pass"] == [("support.words", "warning", "m[0]")]


def test_an_uncited_sentence_is_one_finding_not_two() -> None:
    made = draft(sections=(Section(key="m", heading="M", sentences=(s("Harbor is a place.", "fact"),)),))
    assert [(r.rule, r.where) for r in check(made) if r.level != "pass"] == [("citation.missing", "m[0]")]


def test_failing_sentences_go_and_each_removal_is_told() -> None:
    bad = s("HIP-31 asked for 41 ETH.", "fact", "E3")
    lost = s("Pay [[whom]] 5 %.", "boilerplate")
    first = ENGLISH[0].model_copy(update={"sentences": (bad, *ENGLISH[0].sentences)})
    only = Section(key="budget", heading="Budget", sentences=(lost,))
    blanks = (*draft().blanks, Blank(id=2, section="budget", what="whom"))
    made = draft(sections=(first, *ENGLISH[1:], only), blanks=blanks)
    kept, removed = prune(made, check(made))
    assert errors(kept) == []
    assert kept.blanks == draft().blanks
    assert kept.sections == ENGLISH
    assert kept.sha256 == ""
    assert [(r.rule, r.level, r.where) for r in removed] == [
        ("draft.removed", "warning", key) for key in ("motivation", "budget", "budget")
    ]
    assert removed[0].message == "removed: 'HIP-31 asked for 41 ETH.' (number.grounded: '41' is not in what the sentence cites (E3))"
    assert removed[2].message == "removed: the section 'Budget', which was left empty"


def test_blanks_of_removed_sentences_go_with_them() -> None:
    made = draft()
    broken = made.sections[0].sentences[2].model_copy(update={"text": "The pilot starts in [[which quarter starts the pilot]], 2031."})
    section = made.sections[0].model_copy(update={"sentences": (*made.sections[0].sentences[:2], broken)})
    made = made.model_copy(update={"sections": (section, *made.sections[1:])})
    kept, removed = prune(made, check(made))
    assert kept.blanks == ()
    assert len(removed) == 1


def test_findings_that_name_no_sentence_remove_nothing() -> None:
    made = draft(title="", choices=("For",))
    assert errors(made) == ["format.length title", "format.choices choices"]
    assert prune(made, check(made)) == (made, ())
