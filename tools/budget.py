"""What one draft may spend on the model, and the record of what it spent."""

from dataclasses import dataclass

from agent.errors import WriterError


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the endpoint, for provenance.

    `outcome` is "ok", "invalid", "cut", "empty", "refused", "timeout", "unreachable", "broken", "cancelled", a status like "429", ...
    """

    purpose: str
    seconds: float
    tokens_in: int
    tokens_out: int
    prompt_sha256: str
    """Hash of the text that was sent (pictures by their own hash)."""
    outcome: str


class Budget:
    """Calls, tokens (asked and answered) and seconds of model time, shared by everything that asks for one draft.

    Parallel askers reserve before they send, so together they cannot overspend by more than an estimate is wrong.
    """

    def __init__(self, calls: int, tokens: int, seconds: float) -> None:
        self.calls, self.tokens, self.seconds = calls, tokens, seconds
        self.calls_used, self.tokens_used, self.seconds_used = 0, 0, 0.0
        self._reserved = 0

    @property
    def seconds_left(self) -> float:
        return self.seconds - self.seconds_used

    @property
    def tokens_left(self) -> int:
        return self.tokens - self.tokens_used - self._reserved

    def take(self, asked: int, answer: int) -> int:
        """Count one call of about `asked` tokens; return how many tokens the answer may have, at most `answer`.

        Raises WriterError naming the budget that is spent.
        """
        if self.calls_used >= self.calls:
            raise WriterError(f"model: the draft's budget of {self.calls} calls is spent, raise model_calls")
        if self.seconds_left <= 0:
            raise WriterError(f"model: the draft's budget of {self.seconds:g} seconds is spent, raise model_seconds")
        room = min(answer, self.tokens_left - asked)
        if room < min(answer, 64):
            raise WriterError(f"model: the draft's budget of {self.tokens} tokens is spent, raise model_tokens")
        self.calls_used += 1
        self._reserved += asked + room
        return room

    def settle(self, reserved: int, used: int, seconds: float) -> None:
        """Replace a reservation (asked + room) by what was used."""
        self._reserved -= reserved
        self.tokens_used += used
        self.seconds_used += seconds

    def waited(self, seconds: float) -> None:
        """Time spent on backing off counts too."""
        self.seconds_used += seconds


def estimate(text: str) -> int:
    """Tokens of a text, roughly: four Latin characters or one ideograph each. Used where the server counts none."""
    wide = sum(char > "\u2e7f" for char in text)
    return wide + (len(text) - wide) // 4 + 1
