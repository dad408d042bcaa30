"""Proposal ids against an encoding written by hand, and what an actions file may not hold."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from agent.errors import DataError
from agent.export import Actions, ExportOptions, export
from agent.schemas import Draft
from tests.agent.fixture_drafts import chinese, english
from tools.governor_id import check_actions, checksummed, keccak256, proposal_id, read_actions

CALL = "0xa9059cbb" + "22" * 20 + "00" * 12
ONE: dict[str, JsonValue] = {"targets": ["0x" + "11" * 20], "values": [0], "calldatas": [CALL]}


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def by_hand(targets: list[bytes], values: list[int], calldatas: list[bytes], description: str) -> int:
    """abi.encode(address[], uint256[], bytes[], bytes32) as the ABI specification lays it out: heads, then tails."""
    first = word(len(targets)) + b"".join(row.rjust(32, b"\0") for row in targets)
    second = word(len(values)) + b"".join(word(row) for row in values)
    tails, offsets, at = b"", b"", 32 * len(calldatas)
    for row in calldatas:
        offsets += word(at)
        tail = word(len(row)) + row + b"\0" * (-len(row) % 32)
        tails += tail
        at += len(tail)
    third = word(len(calldatas)) + offsets + tails
    head = word(128) + word(128 + len(first)) + word(128 + len(first) + len(second)) + keccak256(description.encode())
    return int.from_bytes(keccak256(head + first + second + third), "big")


def test_keccak_of_nothing_is_the_known_value() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_the_id_of_a_known_proposal() -> None:
    call = "0xa9059cbb" + ("22" * 20).rjust(64, "0") + "1".rjust(64, "0")
    actions = Actions(targets=("0x" + "11" * 20,), values=(0,), calldatas=(call,))
    text = "# Title\n\nBody"
    assert keccak256(text.encode()).hex() == "7231a01cef3f0fa2310bb66b1d599e79c569d34cc01bf5bc2baf1775c3cf2be1"
    assert proposal_id(actions, text) == 70538828518463250635939418840359422639749335337736571410073159010965638199950


_rows = st.lists(st.tuples(st.binary(min_size=20, max_size=20), st.integers(0, 2**256 - 1), st.binary(max_size=70)), min_size=1, max_size=4)


@settings(deadline=None)
@given(_rows, st.text(st.characters(codec="utf-8"), max_size=40))
def test_ids_agree_with_the_encoding_written_by_hand(rows: list[tuple[bytes, int, bytes]], description: str) -> None:
    actions = Actions(
        targets=tuple("0x" + row[0].hex() for row in rows),
        values=tuple(row[1] for row in rows),
        calldatas=tuple("0x" + row[2].hex() for row in rows),
    )
    expected = by_hand([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], description)
    assert proposal_id(actions, description) == expected


@pytest.mark.parametrize("draft", [english(), chinese()], ids=["en", "zh"])
def test_an_exported_description_has_the_id_of_its_exact_bytes(draft: Draft) -> None:
    done = export(draft, "governor", ExportOptions(actions=check_actions(ONE), proposal_id=proposal_id, keccak=keccak256))
    expected = by_hand([bytes.fromhex("11" * 20)], [0], [bytes.fromhex(CALL[2:])], done.data.decode())
    assert done.facts["proposal_id"] == str(expected)
    assert done.facts["proposal_id_hex"] == f"0x{expected:064x}"
    assert done.facts["description_hash"] == "0x" + keccak256(done.data).hex()
    assert proposal_id(check_actions(ONE), done.data.decode() + " ") != expected


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_the_examples_of_eip_55_are_right_and_one_changed_letter_is_not(address: str) -> None:
    assert checksummed(address.lower()) == address
    assert check_actions({**ONE, "targets": [address]}).targets == (address,)
    assert check_actions({**ONE, "targets": [address.lower()]}).targets == (address.lower(),)
    place = next(at for at in range(2, 42) if address[at].isalpha())
    wrong = address[:place] + address[place].swapcase() + address[place + 1 :]
    with pytest.raises(DataError, match=r"targets\[0\] has a wrong checksum"):
        check_actions({**ONE, "targets": [wrong]})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"targets": []}, "lists of at least one action"),
        ({"targets": "0x"}, "lists of at least one action"),
        ({"values": {}}, "lists of at least one action"),
        ({"values": [0, 1]}, "1 targets, 2 values and 1 calldatas"),
        ({"targets": ["0x12"]}, "targets[0] is not an address"),
        ({"targets": [7]}, "targets[0] is not an address"),
        ({"values": [-1]}, "values[0] is not a whole number of wei"),
        ({"values": [1.5]}, "values[0] is not a whole number of wei"),
        ({"values": [True]}, "values[0] is not a whole number of wei"),
        ({"values": ["1e18"]}, "values[0] is not a whole number of wei"),
        ({"values": [2**256]}, "values[0] is not a whole number of wei"),
        ({"values": ["9" * 5000]}, "values[0] is not a whole number of wei"),
        ({"calldatas": ["0x123"]}, "calldatas[0] is not 0x and pairs of hex digits"),
        ({"calldatas": ["a9059cbb"]}, "calldatas[0] is not 0x and pairs of hex digits"),
        ({"signatures": [""]}, "needs exactly targets, values and calldatas"),
    ],
)
def test_wrong_actions_are_named(change: dict[str, JsonValue], problem: str) -> None:
    with pytest.raises(DataError, match=re.escape(problem)) as caught:
        check_actions({**ONE, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("value", "wei"), [(10**18, 10**18), ("1000000000000000000", 10**18), ("0x10", 16), (2**256 - 1, 2**256 - 1)])
def test_values_are_wei_as_a_number_or_as_text(value: JsonValue, wei: int) -> None:
    assert check_actions({**ONE, "values": [value]}).values == (wei,)


@pytest.mark.parametrize(
    ("data", "problem"), [(b"\xff", "is not JSON"), (b"{", "is not JSON"), (b"[" * 100_000, "is not JSON"), (b"[]", "needs exactly")]
)
def test_a_broken_actions_file_is_one_sentence(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "actions.json"
    path.write_bytes(data)
    with pytest.raises(DataError, match=problem):
        read_actions(path)


def test_a_good_file_is_read_and_a_missing_or_huge_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "actions.json"
    path.write_text(json.dumps(ONE), encoding="utf-8")
    assert read_actions(path) == check_actions(ONE)
    with pytest.raises(DataError, match=r"cannot read '.*missing.json': no such file"):
        read_actions(tmp_path / "missing.json")
    path.write_bytes(b" " * 4_000_001)
    with pytest.raises(DataError, match="at most 4,000,000 are read"):
        read_actions(path)
