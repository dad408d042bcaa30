"""All checks of a draft in order, and the removal of what fails them."""

import re
from collections import defaultdict
from collections.abc import Iterable

from agent.checks import citations, numbers, safety, tone
from agent.checks.places import concluded, finding, places
from agent.checks.support import supports
from agent.schemas import CheckResult, Draft

_PLACE = re.compile(r"(?P<key>.+)\[(?P<index>\d+)\]")


def check(draft: Draft) -> tuple[CheckResult, ...]:
    """Every pure check of the draft alone. Rule packs, resubmission and stored sources have their own functions."""
    return (*citations.check(draft), *numbers.check(draft), *_supported(draft), *tone.check(draft), *safety.check(draft))


def _supported(draft: Draft) -> list[CheckResult]:
    """Sentences whose words, beyond their numbers and quotes, are not found in what they cite: for a person to look at."""
    factual = [place for place in places(draft) if place.sentence.kind in ("fact", "inference") and place.rows]
    found = [
        finding("support.words", "warning", place.where, f"what it cites does not support '{place.sentence.text[:80]}'")
        for place in factual
        if not supports(place.sentence, place.rows)
    ]
    return concluded("support.words", found, f"all {len(factual)} factual sentences are supported by what they cite")


def prune(draft: Draft, results: Iterable[CheckResult]) -> tuple[Draft, tuple[CheckResult, ...]]:
    """The draft without the sentences that have errors, and one warning for each sentence removed.

    A section that is left empty goes too, as do blanks that stood only in removed sentences. `sha256` is cleared if
    anything went: the caller seals again.
    """
    reasons: dict[str, list[CheckResult]] = defaultdict(list)
    for result in results:
        if result.level == "error" and _PLACE.fullmatch(result.where):
            reasons[result.where].append(result)
    removed: list[CheckResult] = []
    sections = []
    for section in draft.sections:
        kept = []
        for index, sentence in enumerate(section.sentences):
            why = reasons.get(f"{section.key}[{index}]")
            if why is None:
                kept.append(sentence)
                continue
            told = "; ".join(f"{result.rule}: {result.message}" for result in why)
            removed.append(finding("draft.removed", "warning", section.key, f"removed: '{sentence.text}' ({told})"))
        if kept or not section.sentences:
            sections.append(section.model_copy(update={"sentences": tuple(kept)}))
        else:
            removed.append(
                finding("draft.removed", "warning", section.key, f"removed: the section '{section.heading}', which was left empty")
            )
    if not removed:
        return draft, ()
    text = "\n".join(sentence.text for section in sections for sentence in section.sentences)
    blanks = tuple(blank for blank in draft.blanks if f"[[{blank.what}]]" in text)
    return draft.model_copy(update={"sections": tuple(sections), "blanks": blanks, "sha256": ""}), tuple(removed)
