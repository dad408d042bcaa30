"""The evidence ledger: numbering, computed values and the exact bytes of a draft."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

from pydantic import JsonValue

from agent.errors import DataError
from agent.schemas import Derivation, Draft, Evidence, Fact, FactRef, Instant, Locator, Op

MINUS = "−"
ONE_UNIT: frozenset[Op] = frozenset({"sum", "difference", "share", "change_pct", "median", "mean", "min", "max"})
"""Operations whose inputs must be measured in one unit."""
INPUTS: Mapping[Op, int] = {"difference": 2, "change_pct": 2, "ratio": 2, "days": 2}
"""Operations that take exactly so many inputs; the others take one or more."""


def sha256(text: str) -> str:
    """Hex hash of the UTF-8 bytes of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# --- numbering -------------------------------------------------------------------------------


def fingerprint(row: Evidence) -> str:
    """What makes two rows the same piece of evidence: kind, source, span, quote, facts, derivation. Starts with "#"."""
    return "#" + _digest(row, () if row.derivation is None else tuple(ref.id for ref in row.derivation.inputs))


def _digest(row: Evidence, inputs: tuple[str, ...]) -> str:
    parts: list[JsonValue] = [row.kind, row.sha256, row.locator.model_dump_json(), row.quote, row.url]
    parts.append([fact.model_dump_json() for fact in row.facts])
    if row.derivation is not None:
        names: list[JsonValue] = [ref.fact for ref in row.derivation.inputs]
        parts.append([row.derivation.op, row.derivation.digits, names, list(inputs)])
    return sha256(json.dumps(parts, ensure_ascii=True))


def number(rows: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Drop repeats (same source, span and facts; the first stays) and name the rest E1, E2, ... in the order given.

    Derived rows may refer to an input by its earlier id or, if it had none, by its `fingerprint`; both are rewritten.
    Raises DataError if a derived row's input is missing, refers to itself, or one id names two different rows.
    """
    by_ref: dict[str, Evidence] = {}
    for row in rows:
        for ref in filter(None, (row.id, fingerprint(row))):
            if fingerprint(by_ref.setdefault(ref, row)) != fingerprint(row):
                raise DataError(f"ledger: two pieces of evidence are both called '{ref}'")
    keys: dict[str, str] = {}
    first: dict[str, Evidence] = {}
    for row in rows:
        first.setdefault(_key(row, by_ref, keys, ()), row)
    names = {key: f"E{index}" for index, key in enumerate(first, 1)}
    return tuple(
        _renamed(row, names[key], {ref: names[keys[fingerprint(old)]] for ref, old in _inputs(row, by_ref)}) for key, row in first.items()
    )


def _inputs(row: Evidence, by_ref: Mapping[str, Evidence]) -> Iterable[tuple[str, Evidence]]:
    for ref in () if row.derivation is None else row.derivation.inputs:
        if ref.id not in by_ref:
            raise DataError(f"ledger: '{row.quote}' was computed from '{ref.id}', which is not in the ledger")
        yield ref.id, by_ref[ref.id]


def _key(row: Evidence, by_ref: Mapping[str, Evidence], keys: dict[str, str], above: tuple[str, ...]) -> str:
    """The fingerprint with inputs named by their own keys, so that it does not depend on earlier ids."""
    mark = fingerprint(row)
    if mark in above:
        raise DataError(f"ledger: '{row.quote}' was computed from itself")
    if mark not in keys:
        inputs = tuple(_key(old, by_ref, keys, (*above, mark)) for _, old in _inputs(row, by_ref))
        keys[mark] = _digest(row, inputs)
    return keys[mark]


def _renamed(row: Evidence, name: str, names: Mapping[str, str]) -> Evidence:
    derivation = row.derivation
    if derivation is not None:
        refs = tuple(FactRef(id=names[ref.id], fact=ref.fact) for ref in derivation.inputs)
        derivation = derivation.model_copy(update={"inputs": refs})
    return row.model_copy(update={"id": name, "derivation": derivation})


# --- computed values -------------------------------------------------------------------------


def facts_of(rows: Iterable[Evidence]) -> dict[FactRef, Fact]:
    """Every fact that a reference can name. A name that one row gives two different values is left out: it names nothing."""
    found: dict[FactRef, Fact] = {}
    torn: set[FactRef] = set()
    for row in rows:
        for fact in row.facts:
            ref = FactRef(id=row.id or fingerprint(row), fact=fact.name)
            if found.setdefault(ref, fact).value != fact.value:
                torn.add(ref)
    return {ref: fact for ref, fact in found.items() if ref not in torn}


def decimal(value: float | str, what: str = "value") -> Decimal:
    """A fact's number, exactly as it is written. Raises DataError if it is text, not finite or a truth value."""
    if isinstance(value, str | bool):
        raise DataError(f"ledger: {what} is not a number '{value}'")
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise DataError(f"ledger: {what} is not a number '{value}'") from error
    if not found.is_finite():
        raise DataError(f"ledger: {what} is not a finite number '{value}'")
    return found


def _day(value: float | str, what: str) -> date:
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError as error:
        raise DataError(f"ledger: {what} is not a date '{value}'") from error
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()


def compute(derivation: Derivation, facts: Mapping[FactRef, Fact]) -> Decimal:
    """The value of a derivation, rounded half up to its digits; this is its only interpreter.

    Raises DataError if an input is missing, no number (no date for `days`), measured in another unit than the
    others, or if a divisor is zero.
    """
    with localcontext() as context:
        context.prec = 60
        value = _value(derivation, _gathered(derivation, facts))
        rounded = value.quantize(Decimal(1).scaleb(-derivation.digits), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded


def _gathered(derivation: Derivation, facts: Mapping[FactRef, Fact]) -> list[Fact]:
    op, wanted = derivation.op, INPUTS.get(derivation.op)
    if not derivation.inputs or (wanted is not None and len(derivation.inputs) != wanted):
        raise DataError(f"ledger: {op} takes {wanted or 'one or more'} inputs, not {len(derivation.inputs)}")
    missing = [f"{ref.id}.{ref.fact}" for ref in derivation.inputs if ref not in facts]
    if missing:
        raise DataError(f"ledger: {op} needs a fact that is missing or has two values '{missing[0]}'")
    found = [facts[ref] for ref in derivation.inputs]
    units = {fact.unit for fact in found if fact.unit is not None}
    if op in ONE_UNIT and len(units) > 1:
        raise DataError(f"ledger: {op} of different units '{', '.join(sorted(units))}'")
    return found


def _value(derivation: Derivation, found: Sequence[Fact]) -> Decimal:
    op = derivation.op
    if op == "count":
        return Decimal(len(found))
    if op == "days":
        first, second = (_day(fact.value, fact.name) for fact in found)
        return Decimal((second - first).days)
    values = [decimal(fact.value, fact.name) for fact in found]
    total = sum(values, Decimal(0))
    if op == "sum":
        return total
    if op == "difference":
        return values[0] - values[1]
    if op == "share":
        return 100 * values[0] / _divisor(total, op)
    if op == "change_pct":
        return 100 * (values[1] - values[0]) / abs(_divisor(values[0], op))
    if op == "ratio":
        return values[0] / _divisor(values[1], op)
    if op == "mean":
        return total / len(values)
    if op == "product":
        product = Decimal(1)
        for value in values:
            product *= value
        return product
    ordered = sorted(values)
    if op == "median":
        half = len(ordered) // 2
        return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return ordered[0] if op == "min" else ordered[-1]


def _divisor(value: Decimal, op: Op) -> Decimal:
    if value == 0:
        raise DataError(f"ledger: {op} would divide by zero")
    return value


def show(value: float | Decimal | str, digits: int | None = None) -> str:
    """A number as people of both languages read it: 1,240 and −40.0; text stays as it is."""
    if isinstance(value, str):
        return value
    exact = value if isinstance(value, Decimal) else decimal(value)
    text = f"{exact:,f}" if digits is None else f"{exact:,.{digits}f}"
    if digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def formula(op: Op, found: Sequence[Fact], result: Decimal, digits: int, unit: str | None) -> str:
    """The arithmetic written out without words of any language, e.g. "(744 − 1,240) / 1,240 = −40.0 %"."""
    shown = [show(fact.value) if len(str(fact.value)) <= 80 else f"{str(fact.value)[:79]}…" for fact in found]
    signed = [f"({text})" if text.startswith(MINUS) and index else text for index, text in enumerate(shown)]
    if op == "change_pct":
        base = f"|{shown[0]}|" if shown[0].startswith(MINUS) else shown[0]
        left = f"({shown[1]} {MINUS} {f'({shown[0]})' if shown[0].startswith(MINUS) else shown[0]}) / {base}"
    elif op == "share":
        left = f"{shown[0]} / ({' + '.join(signed)})"
    elif op in ("sum", "difference", "ratio", "product", "days"):
        sign = {"sum": "+", "difference": MINUS, "ratio": "/", "product": "×", "days": MINUS}[op]
        left = f" {sign} ".join(signed)
    else:
        left = f"{'n' if op == 'count' else op}({'; '.join(shown)})"
    return f"{left} = {show(result, digits)}{f' {unit}' if unit else ''}"


def derive(
    op: Op,
    inputs: Sequence[tuple[Evidence, str]],
    *,
    name: str,
    unit: str | None = None,
    digits: int = 1,
    role: str | None = None,
    title: str | None = None,
    time: str | None = None,
    retrieved_at: Instant | None = None,
) -> Evidence:
    """Compute a value from facts of other evidence, as evidence of its own, not yet numbered.

    `unit` defaults to "%" for shares and changes, "d" for days and the inputs' own unit where the operation keeps it.
    Raises DataError as `compute` does.
    """
    refs = tuple(FactRef(id=row.id or fingerprint(row), fact=fact) for row, fact in inputs)
    derivation = Derivation(op=op, inputs=refs, digits=digits)
    facts = facts_of(row for row, _ in inputs)
    result = compute(derivation, facts)
    found = [facts[ref] for ref in refs]
    unit = unit or _unit(op, found)
    value = int(result) if digits == 0 else float(result)
    quote = formula(op, found, result, digits, unit)
    daos = {row.locator.dao for row, _ in inputs}
    return Evidence(
        id="",
        kind="derived",
        quote=quote,
        locator=Locator(dao=daos.pop() if len(daos) == 1 else None),
        sha256=sha256(quote),
        retrieved_at=retrieved_at or max(row.retrieved_at for row, _ in inputs),
        title=title,
        role=role,
        facts=(Fact(name=name, value=value, unit=unit, time=time),),
        derivation=derivation,
    )


def _unit(op: Op, found: Sequence[Fact]) -> str | None:
    if op in ("share", "change_pct"):
        return "%"
    if op == "days":
        return "d"
    units = {fact.unit for fact in found}
    return units.pop() if op in ONE_UNIT and len(units) == 1 else None


# --- exact bytes -----------------------------------------------------------------------------


def _canonical(value: JsonValue) -> JsonValue:
    """Texts in NFC, whole floats as integers: the same draft gives the same bytes after any JSON round trip."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _bytes(value: JsonValue) -> bytes:
    try:
        text = json.dumps(_canonical(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8")
    except ValueError as error:
        raise DataError(f"ledger: a value cannot be written as JSON ({error})") from error


def canonical(draft: Draft) -> bytes:
    """The draft's bytes: JSON, keys sorted, no spaces, NFC, UTF-8. Raises DataError on NaN or infinity.

    Without `sha256` and `provenance.approved_by`: an approval comes after the bytes it approves.
    Without empty optional fields, so that a field added to the shapes later changes no hash of today.
    """
    return _bytes(draft.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"sha256": True, "provenance": {"approved_by"}}))


def seal(draft: Draft) -> Draft:
    """The draft with the hash of its own bytes."""
    return draft.model_copy(update={"sha256": hashlib.sha256(canonical(draft)).hexdigest()})


def evidence_sha256(rows: Sequence[Evidence]) -> str:
    """Hash of the ledger as it stands, ids and order included."""
    return hashlib.sha256(_bytes([row.model_dump(mode="json", exclude_none=True) for row in rows])).hexdigest()
