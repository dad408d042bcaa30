"""Proposal ids of OpenZeppelin Governors: keccak256(abi.encode(targets, values, calldatas, keccak256(description)))."""

import json
import re
from pathlib import Path

from pydantic import JsonValue

from agent.errors import DataError
from agent.export import Actions

MAX_FILE = 4_000_000
"""Bytes of an actions file; real ones have a few kilobytes."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_NUMBER = re.compile(r"[0-9]{1,78}|0x[0-9a-fA-F]{1,64}")


def keccak256(data: bytes) -> bytes:
    """The 32 bytes Ethereum calls keccak256 (not NIST's SHA3-256)."""
    from eth_utils.crypto import keccak

    return bytes(keccak(data))


def proposal_id(actions: Actions, description: str) -> int:
    """The id that `Governor.hashProposal` gives. It depends on no chain and no contract address (dao-rules 3.12)."""
    from eth_abi.abi import encode

    calldatas = [bytes.fromhex(data[2:]) for data in actions.calldatas]
    values = [list(actions.targets), list(actions.values), calldatas, keccak256(description.encode())]
    return int.from_bytes(keccak256(encode(["address[]", "uint256[]", "bytes[]", "bytes32"], values)), "big")


def read_actions(path: Path) -> Actions:
    """Actions from a JSON file {"targets": [...], "values": [...], "calldatas": [...]}. Raises DataError in one sentence."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise DataError(f"actions: {path} has {size:,} bytes, at most {MAX_FILE:,} are read")
        found: JsonValue = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"actions: cannot read '{path}': {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"actions: {path} is not JSON in UTF-8") from error
    return check_actions(found, str(path))


def check_actions(found: JsonValue, where: str = "actions") -> Actions:
    """Actions from JSON data: equal lengths, at least one, addresses in EIP-55 or one case, values in wei, calldata in hex.

    Values are integers or their decimal or 0x text (a JSON number above 2^53 loses digits in many programs).
    Raises DataError naming the entry.
    """
    if not isinstance(found, dict) or set(found) != {"targets", "values", "calldatas"}:
        raise DataError(f"{where}: needs exactly targets, values and calldatas")
    lists = [found[key] for key in ("targets", "values", "calldatas")]
    targets, values, calldatas = ([*rows] if isinstance(rows, list) else [] for rows in lists)
    if not targets or not all(isinstance(rows, list) for rows in lists):
        raise DataError(f"{where}: targets, values and calldatas are lists of at least one action")
    if not len(targets) == len(values) == len(calldatas):
        raise DataError(
            f"{where}: {len(targets)} targets, {len(values)} values and {len(calldatas)} calldatas; they go together one to one"
        )
    return Actions(
        targets=tuple(_address(text, f"{where}: targets[{index}]") for index, text in enumerate(targets)),
        values=tuple(_wei(value, f"{where}: values[{index}]") for index, value in enumerate(values)),
        calldatas=tuple(_hex(text, f"{where}: calldatas[{index}]") for index, text in enumerate(calldatas)),
    )


def _address(text: JsonValue, where: str) -> str:
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise DataError(f"{where} is not an address of 0x and 40 hex digits '{str(text)[:60]}'")
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and text != checksummed(text):
        raise DataError(f"{where} has a wrong checksum (EIP-55), a digit may be mistyped '{text}'")
    return text


def checksummed(address: str) -> str:
    """The address in the mixed case of EIP-55: a letter is upper case where the hash of the lower-case text has a digit of 8 or more."""
    plain = address[2:].lower()
    digest = keccak256(plain.encode()).hex()
    return "0x" + "".join(char.upper() if int(digit, 16) >= 8 else char for char, digit in zip(plain, digest, strict=False))


def _wei(value: JsonValue, where: str) -> int:
    number = -1
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _NUMBER.fullmatch(value):
        number = int(value, 16 if value.startswith("0x") else 10)
    if not 0 <= number < 1 << 256:
        raise DataError(f"{where} is not a whole number of wei from 0 to 2^256 - 1 '{str(value)[:90]}'")
    return number


def _hex(text: JsonValue, where: str) -> str:
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise DataError(f"{where} is not 0x and pairs of hex digits '{str(text)[:60]}'")
    return text
