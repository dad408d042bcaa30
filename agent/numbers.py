"""Whether a number, amount, date, percentage, address or id of a sentence stands in the evidence it cites."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from agent.dates import agrees
from agent.extract import claims, extract, identifier
from agent.quantity import Quantity
from agent.schemas import Evidence, Fact
from agent.text import clean
from agent.turns import falls
from agent.units import alias, meet, of_fact

__all__ = ["Grounds", "Quantity", "claims", "extract", "grounds", "supported", "unstated", "unsupported"]

_PERCENT_NAME = re.compile(r"(?:^|_)(?:pct|percent|percentage)(?:_|$)")


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one piece of evidence can support."""

    quantities: tuple[Quantity, ...]
    ids: frozenset[str]
    text: str
    """Everything that can be cited word for word, in small letters."""


@lru_cache(maxsize=4096)
def grounds(evidence: Evidence) -> Grounds:
    """The numbers, dates and ids of the quote, the title, the facts and the locator. Offsets and retrieval times ground nothing."""
    at = evidence.locator
    # The result of a formula is the fact itself, which knows whether it is a rise or a fall.
    quote = evidence.quote if evidence.kind != "derived" else evidence.quote.rpartition(" = ")[0]
    texts = [quote, evidence.title or "", at.id or "", at.path or ""]
    texts += [str(fact.value) for fact in evidence.facts if isinstance(fact.value, str)]
    texts += [fact.time for fact in evidence.facts if fact.time]
    found = [q for text in texts for q in extract(text)]
    found += [_of_fact(fact, evidence) for fact in evidence.facts if not isinstance(fact.value, str)]
    found += [q for label in (at.tx, evidence.url, at.url) if label for q in extract(label)]
    if at.block is not None:
        found.append(Quantity("number", "", 0, 0, Decimal(at.block), units=frozenset(["block"])))
    if evidence.confidence is not None:
        found.append(Quantity("number", "", 0, 0, Decimal(str(evidence.confidence))))
    ids = {q.key for q in found if q.kind in ("id", "label")} | {identifier(text) for text in (at.id, at.tx) if text}
    whole = "\n".join([*texts, *filter(None, (at.tx, at.url, evidence.url))])
    return Grounds(tuple(found), frozenset(ids), clean(whole).lower())


def _of_fact(fact: Fact, evidence: Evidence) -> Quantity:
    """A recorded number: exact, in the fact's unit or, if it has none, in what its name counts."""
    value = Decimal(str(fact.value))
    counted = of_fact(fact.unit)
    if not counted:
        name = alias(fact.name.rsplit("_", maxsplit=1)[-1])
        counted = frozenset(["%"] if _PERCENT_NAME.search(fact.name) else [name] if name else [])
    if "bps" in counted:
        value, counted = value / 100, (counted - {"bps"}) | {"%"}
    changes = evidence.derivation is not None and evidence.derivation.op == "change_pct"
    turn = -1 if value < 0 else 1 if changes and value > 0 else 0
    return Quantity("number", "", 0, 0, value, units=counted, turn=turn)


def supported(claim: Quantity, evidence: Evidence | Sequence[Evidence], sentence: str = "") -> bool:
    """Whether any of the evidence states the claim. `sentence` is the whole sentence, for "fell ... 40 %" far apart.

    Numbers: equal after rounding the evidence half up to the last place the sentence states; units must meet where both
    name one, and a percentage must be one; a written sign, or a word of rise or fall beside the number, must not say the
    opposite. Dates hold at the precision stated. Ids, addresses, names, versions and other tokens must stand there.
    """
    rows = [evidence] if isinstance(evidence, Evidence) else evidence
    return any(_stands(claim, grounds(row), sentence) for row in rows)


def unstated(text: str, rows: Iterable[Evidence]) -> list[Evidence]:
    """The computed values among the rows that a sentence does not state; each number of it can state one of them."""
    free = [claim for claim in claims(text) if claim.kind in ("number", "fraction", "ordinal")]
    missing = []
    for row in rows:
        if row.kind != "derived" or not row.facts or isinstance(row.facts[0].value, str):
            continue
        known = Grounds((_of_fact(row.facts[0], row),), frozenset(), "")
        claim = next((claim for claim in free if _stands(claim, known, text)), None)
        if claim is None:
            missing.append(row)
        else:
            free.remove(claim)
    return missing


def unsupported(text: str, evidence: Sequence[Evidence], quotes: Iterable[str] = ()) -> list[Quantity]:
    """The claims of a sentence that none of the evidence states. What stands inside a checked quote is grounded by it."""
    spans = [(m.start(), m.end()) for quote in quotes if quote for m in re.finditer(re.escape(quote), text)]
    return [
        claim
        for claim in claims(text)
        if not any(start <= claim.start and claim.end <= end for start, end in spans) and not supported(claim, evidence, text)
    ]


def _stands(claim: Quantity, known: Grounds, sentence: str) -> bool:
    if claim.kind == "number":
        return any(_same(claim, other, sentence) for other in known.quantities) or (_is_year(claim) and _dated(claim.text, known))
    if claim.kind == "date":
        return _dated(claim.key, known)
    if claim.kind in ("time", "name", "hash"):
        return any(other.kind == claim.kind and other.key == claim.key for other in known.quantities)
    if claim.kind == "address":
        return _address(claim.key, known)
    if claim.kind == "id":
        return claim.key in known.ids or _bare_id(claim.key, known) or _word(claim.text, known)
    if claim.kind == "label":
        return claim.key in known.ids or _word(claim.text, known) or any(_labelled(claim, other) for other in known.quantities)
    if claim.kind == "ordinal":
        return any(other.kind in ("ordinal", "label", "number") and other.value == claim.value for other in known.quantities)
    if claim.kind == "fraction":
        return _fraction(claim, known)
    return _word(claim.text, known)


def _is_year(claim: Quantity) -> bool:
    return claim.text.isdigit() and len(claim.text) == 4 and claim.value is not None and 1990 <= claim.value <= 2100


def _dated(key: str, known: Grounds) -> bool:
    if any(other.kind == "date" and agrees(key, other.key) for other in known.quantities):
        return True
    return len(key) == 4 and any(other.kind == "number" and other.text == key for other in known.quantities)


def _same(claim: Quantity, other: Quantity, sentence: str) -> bool:
    """Equal at the place stated, in the same unit and direction."""
    if other.kind != "number" or claim.value is None or other.value is None or not meet(claim.units, other.units):
        return False
    stated, exact = abs(claim.value), abs(other.value)
    half = claim.step / 2
    if stated != exact and (stated == 0 or other.step > claim.step or not stated - half <= exact < stated + half):
        return False
    return _agree(claim, other, sentence)


def _agree(claim: Quantity, other: Quantity, sentence: str) -> bool:
    """Signs and words of rise or fall."""
    known = -1 if other.sign < 0 or other.turn < 0 or (other.value or 0) < 0 else 1 if other.sign > 0 or other.turn > 0 else 0
    if claim.sign:
        return claim.sign == (known or 1)
    if claim.turn and known:
        return claim.turn == known
    return known >= 0 or other.value is None or other.value > 0 or claim.turn < 0 or falls(sentence)


def _address(key: str, known: Grounds) -> bool:
    if "…" not in key:
        return any(other.key == key for other in known.quantities if other.kind in ("address", "hash"))
    head, _, tail = key.partition("…")
    if len(head) < 6:
        return False
    return (
        any(
            other.key == key or (other.key.startswith(head) and other.key.endswith(tail))
            for other in known.quantities
            if other.kind in ("address", "hash")
        )
        or key in known.text
    )


def _bare_id(key: str, known: Grounds) -> bool:
    """The forms in which proposals are named: "Proposal 12" for an id that is the bare number, "#12" for "EP 12"."""
    match = re.fullmatch(r"(?:prop|proposal|提案|议案)?(\d+(?:\.\d+)*)", key)
    if match is None:
        return False
    number = match[1]
    return any(re.fullmatch(rf"(?:prop|proposal|提案|议案|[a-z]{{1,5}})?{re.escape(number)}", known_id) for known_id in known.ids)


def _word(text: str, known: Grounds) -> bool:
    """Whether a token stands in the evidence as a whole word."""
    token = re.escape(clean(text).lower())
    return re.search(rf"(?<![a-z0-9]){token}(?![a-z0-9]|[.,]\d)", known.text) is not None


def _labelled(claim: Quantity, other: Quantity) -> bool:
    """ "block 19,351,002" where the evidence counts that number of blocks or names that block."""
    if other.kind not in ("number", "label", "ordinal") or claim.value is None or other.value != claim.value:
        return False
    word = re.match(r"[^\d\s#]+", claim.text)
    name = alias(word[0]) if word else None
    return other.kind != "number" or (name is not None and name in other.units)


def _fraction(claim: Quantity, known: Grounds) -> bool:
    """The same fraction, the percentage it rounds to, a multiple, or both of its numbers."""
    for other in known.quantities:
        if other.kind == "fraction" and (other.key == claim.key or other.value == claim.value):
            return True
        if other.kind == "number" and claim.value is not None and other.value is not None:
            if "%" in other.units and other.turn == 0 and _rounds(claim.value, other):
                return True
            if claim.key.endswith("×") and _multiple(claim.value, other):
                return True
    parts = re.fullmatch(r"(\d+)/(\d+)", claim.text)
    if parts is None:
        return False
    numbers = {other.value for other in known.quantities if other.kind == "number" and "%" not in other.units}
    return {Decimal(parts[1]), Decimal(parts[2])} <= numbers


def _rounds(exact: Decimal, other: Quantity) -> bool:
    if other.value is None:
        return False
    place = other.step or Decimal(1).scaleb(min(0, int(other.value.as_tuple().exponent)))
    return exact == other.value or (exact % 1 != 0 and abs(other.value - exact) <= place / 2)


def _multiple(percent: Decimal, other: Quantity) -> bool:
    """Doubled: a ratio of 2, or a rise of 100 %."""
    if other.value is None:
        return False
    if "%" in other.units:
        return other.turn >= 0 and other.value == percent - 100
    return other.value == percent / 100 and meet(frozenset(["×"]), other.units)
