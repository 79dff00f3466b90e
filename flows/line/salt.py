"""The secret of the keyed hashes: made once, kept on the disk, never changed unnoticed.

With another salt every author would be another person, a takedown of an author would cover nobody, and what tags stand for could not be
compared. So every run notes a fingerprint of its salt in the archive's history, and a run with another one is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from thresher.archive import history
from thresher.disk import sync
from thresher.errors import SettingsError, StoreError

FILE = "salt"
SHORTEST = 16
"""Characters. A shorter one can be guessed, and with it the names behind the hashes."""


def checked(given: str, *, place: str) -> str:
    """The salt without white space around it; SettingsError where it is empty or short."""
    salt = given.strip()
    if len(salt) < SHORTEST:
        raise SettingsError(
            f"{place}: the salt has {len(salt)} characters, and needs {SHORTEST} at least: restore it from a copy; where nothing was "
            "harvested with it yet, remove it, and a new one is made"
        )
    return salt


def of(folder: Path, archive: Path) -> str:
    """The salt of the benchmark in ``folder``, made at random where nothing was archived yet. Needs the lease."""
    path = folder / FILE
    try:
        return checked(path.read_text(encoding="ascii"), place=str(path))
    except FileNotFoundError:
        if any(archive.glob("*.warc.gz")):
            raise StoreError(
                f"{path}: missing, but {archive} was harvested with it: restore it from a copy, or set THRESHER_SALT if it stood there; "
                "without it, begin anew in another --data folder"
            ) from None
        return _make(path)
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); restore it from a copy") from error


def _make(path: Path) -> str:
    """Written whole or not at all: an empty file would be a key that everybody has."""
    salt = secrets.token_hex(32)
    fresh = path.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(salt + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); nothing was harvested yet, run the command again") from error
    return salt


def fingerprint(salt: str) -> str:
    """16 hex digits by which a salt is known again, and from which it cannot be found."""
    return hmac.new(salt.encode(), b"thresher salt", hashlib.sha256).hexdigest()[:16]


def refuse_another(archive: Path, salt: str) -> None:
    """StoreError where the runs before had another salt."""
    noted = next((str(event["salt"]) for event in history.events(archive) if event.get("salt")), "")
    if noted and noted != fingerprint(salt):
        raise StoreError(
            f"{archive.parent}: harvested with another salt than the one given now: restore {archive.parent / FILE}, or the THRESHER_SALT "
            "of the runs before; without it, begin anew in another --data folder"
        )
