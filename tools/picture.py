"""Uploads: a picture is checked by its bytes, decoded in full, and stored as a clean copy. Nothing else gets in."""

import hashlib
import io
import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.errors import DataError, InputError, StoreError
from agent.schemas import Picture

if TYPE_CHECKING:
    from PIL import Image

BYTES_LIMIT = 10 * 1024 * 1024
PIXELS_LIMIT = 40_000_000
"""A picture of this many pixels takes 120 MB of memory to decode."""
WANTED = "I read PNG, JPEG and WebP up to 10 MB"

MediaType = Literal["image/png", "image/jpeg", "image/webp"]
_FORMATS: dict[str, MediaType] = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
_SUFFIX: dict[MediaType, str] = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
_OTHERS = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive or office document"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def open_picture(path: Path, store_dir: Path) -> Picture:
    """Check the file and store a clean copy in `store_dir`, named by the hash of the original bytes.

    The result's `sha256` is that of the original, so a known chart is recognised; the stored copy is decoded and encoded
    anew (upright, on white, without metadata or anything appended), and `width`, `height`, `media_type` are the copy's.
    Raises InputError (no such file), DataError (not a picture we read), StoreError (cannot be stored).
    """
    original = _read(path)
    media_type = _sniff(original)
    clean = _decode(original, media_type)
    data = _encode(clean, media_type)
    sha256 = hashlib.sha256(original).hexdigest()
    stored = store_dir / f"{sha256}{_SUFFIX[media_type]}"
    _store(stored, data)
    return Picture(sha256=sha256, media_type=media_type, width=clean.width, height=clean.height, path=str(stored))


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"picture: '{path}' is a folder, give one file; {WANTED}")
        if not path.exists():
            raise InputError(f"picture: no such file '{path}', check its name")
        if not path.is_file():
            raise InputError(f"picture: '{path}' is no ordinary file; {WANTED}")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > BYTES_LIMIT else file.read(BYTES_LIMIT + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise InputError(f"picture: cannot read '{path}': {why.lower()}") from error
    size = max(size, len(data))
    if size > BYTES_LIMIT:
        shown = f"{size / (1024 * 1024):.1f}".removesuffix(".0")
        raise DataError(f"this picture is {shown} MB; {WANTED}")
    if not data:
        raise DataError(f"this picture is empty (0 bytes); {WANTED}")
    return data


def _sniff(data: bytes) -> MediaType:
    """The format by the first bytes; the file's name says nothing."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    other = next((name for magic, name in _OTHERS if data.startswith(magic)), None)
    if other is None and data[4:8] == b"ftyp":
        other = "a HEIC, AVIF or video"
    if other is None:
        other = "text" if b"\0" not in data[:4096] and _is_text(data[:4096]) else "something else"
    raise DataError(f"this file is no picture I know, it holds {other}; {WANTED}")


def _is_text(start: bytes) -> bool:
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4 > 0  # a character cut in two at the end
    return True


def _decode(data: bytes, media_type: MediaType) -> "Image.Image":
    """Every pixel, upright, as RGB on white."""
    import struct
    import zlib

    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # bombs and broken metadata: we look at the size ourselves
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
            with picture:
                if picture.width * picture.height > PIXELS_LIMIT:
                    raise DataError(_too_many(picture.width, picture.height))
                if media_type != "image/jpeg" and getattr(picture, "n_frames", 1) > 1:
                    raise DataError("this picture is animated; send one still picture")
                if _FORMATS.get(picture.format or "") != media_type:
                    raise DataError(f"this picture cannot be decoded, its format is unclear; {WANTED}")
                picture.load()
                return _flat(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError as error:
        raise DataError(_too_many()) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error, zlib.error) as error:
        raise DataError("this picture cannot be decoded, it is truncated or damaged; send it again") from error


def _too_many(width: int = 0, height: int = 0) -> str:
    size = f"{width} x {height} pixels" if width else "too many pixels to count"
    return f"this picture has {size}; I read up to {PIXELS_LIMIT // 1_000_000} million pixels"


def _flat(picture: "Image.Image") -> "Image.Image":
    """RGB; what is transparent becomes white, as on a page; 16-bit greys keep their scale."""
    from PIL import Image

    if picture.mode.startswith("I;16") or picture.mode == "I":
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        page = Image.new("RGBA", layer.size, "white")
        picture = Image.alpha_composite(page, layer)
    flat = picture.convert("RGB")
    flat.info.clear()
    return flat


def _encode(picture: "Image.Image", media_type: MediaType) -> bytes:
    out = io.BytesIO()
    if media_type == "image/png":
        picture.save(out, "PNG", compress_level=6)
    elif media_type == "image/jpeg":
        picture.save(out, "JPEG", quality=95, subsampling=0)
    else:
        picture.save(out, "WEBP", lossless=True, quality=50, method=2)
    return out.getvalue()


def _store(target: Path, data: bytes) -> None:
    """All or nothing: written beside the target, then renamed."""
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".picture-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        why = (error.strerror or "unknown error").lower()
        raise StoreError(f"picture: cannot store it in '{target.parent}': {why}, nothing was changed") from error


def shown(picture: Picture, longest: int) -> tuple[str, bytes]:
    """Media type and bytes of the stored copy, made smaller where a side is longer than `longest` pixels.

    Raises StoreError if the copy is gone or damaged.
    """
    from PIL import Image

    try:
        data = Path(picture.path).read_bytes()
        if max(picture.width, picture.height) <= longest:
            return picture.media_type, data
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as stored:
            stored.thumbnail((longest, longest), Image.Resampling.LANCZOS)
            return picture.media_type, _encode(stored.convert("RGB"), picture.media_type)
    except (OSError, ValueError, SyntaxError) as error:
        raise StoreError(f"picture: the stored copy '{picture.path}' cannot be read, add the picture again") from error
