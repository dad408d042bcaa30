"""Every number, amount, date, percentage, address and id of a sentence stands in what it cites; contradictions are shown."""

import re
from collections import defaultdict
from collections.abc import Iterable

from agent.checks.places import Place, concluded, finding, fold, genuine, own_words, places
from agent.numbers import claims, unstated, unsupported
from agent.schemas import CheckResult, Draft, Evidence, Fact

_WORDS = {
    "passed": r"\b(?:passed|approved|adopted|succeeded|accepted|carried)\b|(?<![未没不])(?:获得?|已经?|被|票)(?:通过|批准)|(?:%|％|％ ?的?赞成票)\s?通过|[”」）)]通过",
    "failed": r"\b(?:failed|rejected|defeated|voted down|did not pass|was not (?:approved|adopted|accepted))\b|未(?:获|能)?(?:得)?(?:通过|批准)|被?否决|遭拒|被拒",
    "withdrawn": r"\b(?:withdrawn|retracted)\b|撤回|撤销",
}
_OUTCOMES = {status: re.compile(pattern, re.IGNORECASE) for status, pattern in _WORDS.items()}
_MODAL = re.compile(
    r"(?:(?:\b(?:if|once|when|whether|unless|until|be|being|get|would|should|could|may|might|must|will|can|not|before|to)\b|如果|若|一旦|倘若|是否)"
    r"[^.;,，。；]{0,24}|经|须|将|能|获得批准后)$",
    re.IGNORECASE,
)


def check(draft: Draft) -> list[CheckResult]:
    """All rules of this module. Pure."""
    return [*_grounded(draft), *_stated(draft), *_outcomes(draft), *_contradictions(draft)]


def _grounded(draft: Draft) -> list[CheckResult]:
    found: list[CheckResult] = []
    total = 0
    for place in places(draft):
        total += len(claims(place.sentence.text))
        if not place.rows and place.sentence.kind not in ("fact", "inference"):
            continue
        names = ", ".join(row.id for row in place.rows) or "nothing"
        for claim in unsupported(place.sentence.text, place.rows, genuine(place)):
            found.append(finding("number.grounded", "error", place.where, f"'{claim.text}' is not in what the sentence cites ({names})"))
    return concluded("number.grounded", found, f"all {total} numbers, dates and ids stand in the evidence cited")


def _stated(draft: Draft) -> list[CheckResult]:
    """A computed value that is cited is stated: so a figure cannot be swapped for that of another citation."""
    found = []
    total = 0
    for place in places(draft):
        total += sum(row.kind == "derived" for row in place.rows)
        for row in unstated(place.sentence.text, place.rows):
            value = f"{row.facts[0].value} {row.facts[0].unit or ''}".strip()
            found.append(finding("number.stated", "error", place.where, f"cites {row.id}, which is {value}, and does not state it"))
    return concluded("number.stated", found, f"all {total} computed values that are cited are stated")


def told(place: Place) -> set[str]:
    """The outcomes that a sentence tells in its own words; conditions and wishes tell none."""
    text = own_words(place)
    return {
        status
        for status, pattern in _OUTCOMES.items()
        for match in pattern.finditer(text)
        if not _MODAL.search(text[max(0, match.start() - 40) : match.start()])
    }


def recorded(rows: Iterable[Evidence]) -> set[str]:
    """The outcomes that the evidence holds: recorded facts, what computed counts count, and what a post or a rule tells.

    What the text of a proposal says about outcomes is no record of its own.
    """
    known: set[str] = set()
    for row in rows:
        known |= {str(fact.value).lower() for fact in row.facts if fact.name in ("status", "outcome")}
        if row.kind == "derived":
            about = " ".join(filter(None, (row.role, row.title, row.quote))).lower()
            known |= {status for status in _OUTCOMES if status in about}
        elif row.kind != "proposal":
            known |= {status for status, pattern in _OUTCOMES.items() if pattern.search(row.quote)}
    return known


def _outcomes(draft: Draft) -> list[CheckResult]:
    """A sentence that says how a proposal ended says what the record says."""
    found: list[CheckResult] = []
    total = 0
    for place in places(draft):
        said = told(place)
        if not place.rows or not said:
            continue
        total += 1
        known = recorded(place.rows)
        for wrong in sorted(said - known):
            shown = ", ".join(sorted(known)) or "no outcome"
            found.append(finding("outcome.recorded", "error", place.where, f"says '{wrong}', but what it cites records {shown}"))
    return concluded("outcome.recorded", found, f"all {total} outcomes told are the recorded ones")


def _subject(row: Evidence) -> tuple[str, str]:
    return (row.locator.dao or "", fold(row.title or row.locator.id or ""))


def _contradictions(draft: Draft) -> list[CheckResult]:
    """Two pieces that give one fact of one thing and time different values are shown together, not chosen between."""
    values: dict[tuple[tuple[str, str], str, str | None, str | None], list[tuple[Evidence, Fact]]] = defaultdict(list)
    for row in draft.evidence:
        if row.kind not in ("derived", "forum", "post"):  # two posts by one author contradict nobody
            for fact in row.facts:
                values[(_subject(row), fact.name, fact.time, fact.unit)].append((row, fact))
    cited = [{row.id for row in place.rows} for place in places(draft)]
    together = _by_section(draft)
    found = []
    for (_, name, time, _), pairs in values.items():
        for index, (one, first) in enumerate(pairs):
            for other, second in pairs[index + 1 :]:
                if first.value == second.value or not any({one.id, other.id} & ids for ids in cited):
                    continue
                if not any({one.id, other.id} <= ids for ids in together):
                    at = f" at {time}" if time else ""
                    message = f"{one.id} and {other.id} differ on '{name}'{at}: {first.value} and {second.value}; show both"
                    found.append(finding("contradiction.shown", "warning", "draft", message))
    return concluded("contradiction.shown", found, "no evidence that is cited contradicts other evidence unseen")


def _by_section(draft: Draft) -> list[set[str]]:
    return [{name for sentence in section.sentences for name in sentence.cites} for section in draft.sections]
