"""Write a file whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path

from agent.errors import StoreError


def write_atomic(path: Path, data: bytes) -> None:
    """Write the whole file or nothing: what stood there before stays until the new bytes are safely on the disk.

    Raises StoreError in one sentence: no such folder, read-only, disk full, a folder or a device in the way.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            raise StoreError(f"export: cannot write '{path}': it is {'a folder' if target.is_dir() else 'not a plain file'}")
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    except ValueError as error:
        raise StoreError(f"export: cannot write {str(path)!r}: no file can have such a name") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o644)
        os.replace(name, target)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> StoreError:
    """The sentence for a file that cannot be written."""
    reasons = {
        errno.ENOENT: f"the folder '{path.parent}' does not exist",
        errno.ENOTDIR: f"'{path.parent}' is not a folder",
        errno.EACCES: f"the folder '{path.parent}' is read-only for you",
        errno.EPERM: f"the folder '{path.parent}' is read-only for you",
        errno.EROFS: f"the disk of '{path.parent}' is read-only",
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your disk quota is used up",
        errno.EFBIG: "the file is larger than the system allows",
        errno.ENAMETOOLONG: "the name is too long",
    }
    reason = reasons.get(error.errno or 0, (error.strerror or str(error)).lower())
    return StoreError(f"export: cannot write '{path}': {reason}; nothing was changed")
