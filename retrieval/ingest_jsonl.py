"""Read one object a line, plain or gzip, in bounded memory."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from agent.errors import DataError
from retrieval.ingest_job import Job
from retrieval.rows import read_row

LINE_LIMIT = 32 * 2**20
"""Bytes of the longest line that is read."""
BOM = b"\xef\xbb\xbf"
SAMPLE = 4096


def ingest(job: Job) -> None:
    """Store the rows of a JSONL file from where the job stands. Raises StoreError; bad rows are noted and passed over."""
    with job.path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        reader: BinaryIO = gzip.GzipFile(fileobj=raw, mode="rb") if packed else raw  # type: ignore[assignment]
        try:
            _read(job, reader, raw)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            job.skip(job.line + 1, "the gzip file is damaged or cut short from here on")
        except OSError as error:
            job.skip(job.line + 1, f"cannot be read: {error.strerror or error}")
        job.commit(job.offset, job.line, raw.tell(), through=True)


def _read(job: Job, reader: BinaryIO, raw: BinaryIO) -> None:
    if job.offset == 0 and (problem := refusal(reader.read(SAMPLE))):
        job.skip(1, problem)
        return
    reader.seek(job.offset)
    for number, line, size in lines(reader, job.line):
        try:
            if line is None:
                raise DataError(f"longer than {LINE_LIMIT // 2**20} MB")
            if text := line.strip():
                job.add(read_row(parse(text), job.dao), size)
        except DataError as error:
            job.skip(number, str(error))
        except RecursionError:
            job.skip(number, "nested too deeply")
        job.line, job.offset = number, job.offset + size
        if job.full:
            job.commit(job.offset, job.line, raw.tell())


def lines(reader: BinaryIO, before: int) -> Iterator[tuple[int, bytes | None, int]]:
    """Number, bytes and size of each line, split on LF only; None for one over the limit, which is never held in memory."""
    number = before
    while line := reader.readline(LINE_LIMIT + 1):
        number, size = number + 1, len(line)
        if size <= LINE_LIMIT or line.endswith(b"\n"):
            yield number, line, size
            continue
        while line and not line.endswith(b"\n"):
            line = reader.readline(2**20)
            size += len(line)
        yield number, None, size


def refusal(sample: bytes) -> str | None:
    """Why a file that begins like this can't be JSONL; None if it may be."""
    start = sample.removeprefix(BOM).lstrip()
    if not start:
        return None if len(sample) == SAMPLE else "the file is empty"
    if start.startswith(b"["):
        return "a JSON array, not one object a line"
    if not start.startswith(b"{") and (b"\0" in sample or not _utf8(sample)):
        return "not UTF-8 text: a binary file, or another encoding"
    return None


def _utf8(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4 and len(sample) == SAMPLE  # cut inside a character
    return True


def parse(line: bytes) -> object:
    """The value a line holds. Raises DataError, RecursionError."""
    try:
        return json.loads(line.removeprefix(BOM).decode(), strict=False)
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 (byte 0x{line[error.start]:02x} at byte {error.start + 1})") from error
    except json.JSONDecodeError as error:
        raise DataError(f"not JSON: {error.msg[0].lower()}{error.msg[1:]} (column {error.colno})") from error
    except ValueError as error:
        raise DataError("a number has too many digits") from error


def is_jsonl(path: Path) -> bool:
    """Is this a file that a folder's listing should take as JSONL?"""
    return path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))
