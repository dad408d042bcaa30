"""A small PNG writer: its bytes depend on the pixels alone, not on the zlib that happens to be installed."""

import struct
import zlib
from bisect import bisect_right
from itertools import groupby

from PIL import Image

_LENGTHS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258)
_EXTRA = (0,) * 8 + (1,) * 4 + (2,) * 4 + (3,) * 4 + (4,) * 4 + (5,) * 4 + (0,)
_LONGEST = _LENGTHS[-1]
_END = 256
_WIDTHS = (8,) * 144 + (9,) * 112 + (7,) * 24 + (8,) * 8
"""Bits of each symbol in the fixed code of RFC 1951, section 3.2.6: literals 0 to 255, the end, lengths from 257."""
_BYTE = 8
_COLOURS = 256


def _codes(widths: tuple[int, ...]) -> tuple[int, ...]:
    """The canonical Huffman codes of RFC 1951, section 3.2.2, with their bits turned round."""
    found, code = dict[int, int](), 0
    for width in range(1, max(widths) + 1):
        for symbol in (s for s, w in enumerate(widths) if w == width):
            found[symbol] = int(f"{code:0{width}b}"[::-1], 2)
            code += 1
        code <<= 1
    return tuple(found[symbol] for symbol in range(len(widths)))


_CODES = _codes(_WIDTHS)


class Bits:
    """Bits in the order of RFC 1951: numbers from the lowest bit, Huffman codes from the highest."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self._value = 0
        self._count = 0

    def number(self, value: int, width: int) -> None:
        self._value |= value << self._count
        self._count += width
        while self._count >= _BYTE:
            self.bytes.append(self._value & 255)
            self._value >>= _BYTE
            self._count -= _BYTE

    def code(self, symbol: int) -> None:
        self.number(_CODES[symbol], _WIDTHS[symbol])

    def close(self) -> bytes:
        if self._count:
            self.bytes.append(self._value & 255)
        return bytes(self.bytes)


def deflate(data: bytes) -> bytes:
    """A zlib stream (RFC 1950) that shortens only runs of one byte; enough for charts, which are mostly background."""
    bits = Bits()
    bits.number(0b011, 3)  # last block, fixed codes
    for value, group in groupby(data):
        left = sum(1 for _ in group)
        bits.code(value)
        left -= 1
        while left >= _LENGTHS[0]:
            length = min(left, _LONGEST)
            at = bisect_right(_LENGTHS, length) - 1
            bits.code(257 + at)
            bits.number(length - _LENGTHS[at], _EXTRA[at])
            bits.number(0, 5)  # distance 1
            left -= length
        for _ in range(left):
            bits.code(value)
    bits.code(_END)
    return b"\x78\x01" + bits.close() + struct.pack(">I", zlib.adler32(data))


def encode(picture: Image.Image) -> bytes:
    """PNG bytes of an RGB picture with at most 256 colours (palette, filter "up"). Raises ValueError if it has more."""
    size = picture.width * picture.height
    found = picture.getcolors(size)
    colours = sorted(colour for _, colour in found or [] if isinstance(colour, tuple))
    if picture.mode != "RGB" or len(colours) > _COLOURS:
        raise ValueError(f"png: {picture.mode} picture with {len(colours)} colours, at most {_COLOURS} in RGB can be written")
    index = {bytes(colour): place for place, colour in enumerate(colours)}
    raw = picture.tobytes()
    pixels = bytes(index[raw[i : i + 3]] for i in range(0, len(raw), 3))
    above, rows = bytes(picture.width), bytearray()
    for start in range(0, size, picture.width):
        row = pixels[start : start + picture.width]
        rows += b"\x02" + bytes((a - b) & 255 for a, b in zip(row, above, strict=True))
        above = row
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 3, 0, 0, 0)
    palette = b"".join(bytes(colour) for colour in colours)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, body) for name, body in ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", deflate(bytes(rows))), (b"IEND", b""))
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
