"""One number-like thing of a text."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from agent.units import Units

Kind = Literal["number", "fraction", "ordinal", "date", "time", "address", "hash", "name", "id", "label", "url", "token"]
"""number: counts, amounts, percentages (unit "%"; basis points are turned into it), multiples (unit "×").
id: EP 5.2, SIP-105, v3; label: phase 2, block 19,351,002, 第3条; token: any other run of signs that holds a digit."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """text[start:end] of the text it was read from, and its normal form."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Decimal | None = None
    step: Decimal = Decimal(0)
    """The last place that is stated: 100 for "0.7k", 0.1 for "40.0 %"; 0 where the value is exact (a recorded fact)."""
    units: Units = frozenset()
    key: str = ""
    """Normal form of what is no plain number: "2024-03-03", "--03-03", "2024-Q3", "19:00", "ep5.2", an address in small letters."""
    sign: int = 0
    """-1 or +1 where a sign is written."""
    turn: int = 0
    """-1 or +1 where the words beside it say that something fell or rose by it."""
