"""Every error we raise, in one tree. Catch the narrowest you can act on.

DaoclerkError
├── InputError          what was asked is wrong and may be asked again (exit 2, or 1 for bad data)
│   └── DataError       a file or a row is not what it should be (exit 1)
├── StoreError          the database or the index cannot be used (locked, full, read-only, wrong version)
├── SourceError         an outside system failed us
│   └── RateLimitError  ...and said when to come back
├── WriterError         a writer gave nothing usable after its retries
└── PolicyError         the agent asked for what it may not do

A message is one clear sentence: who: what 'value', what to do. Lower case, no full stop.
"""


class DaoclerkError(Exception):
    """The root. `exit_code` is what the command line ends with."""

    exit_code = 1


class InputError(DaoclerkError):
    """What was asked is wrong; the message says how to ask again."""

    exit_code = 2


class DataError(InputError):
    """A file or row is not what it should be; the message names file and line."""

    exit_code = 1


class StoreError(DaoclerkError):
    """The database or the index cannot be used; nothing was lost."""


class SourceError(DaoclerkError):
    """An outside system failed; `source` names it."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source


class RateLimitError(SourceError):
    """An outside system asked us to wait `retry_after` seconds."""

    def __init__(self, source: str, problem: str, retry_after: float) -> None:
        super().__init__(source, problem)
        self.retry_after = retry_after


class WriterError(DaoclerkError):
    """A writer gave nothing usable after its retries."""


class PolicyError(DaoclerkError):
    """The agent asked for what it may not do."""
