"""What nobody foresaw: an error that is not one of ours is a line for the user, and a traceback in a file for who mends it."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from flows.cli.shared import DEFAULT_DATA, command_line
from thresher import __version__

FILE = "defects.log"


def told(error: Exception) -> str:
    """The line for the user. Writes the traceback to ``defects.log`` in the data folder, or in the system's folder for such files."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entry = f"{now} thresher {__version__}: {command_line()}\n{''.join(traceback.format_exception(error))}\n"
    first = (str(error).splitlines() or [""])[0][:200]
    for folder in (_data_folder(), Path(tempfile.gettempdir())):
        try:
            with (folder / FILE).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(entry)
        except OSError:
            continue
        return f"a defect of thresher, not of what you gave it ({type(error).__name__}: {first}); please report it with {folder / FILE}"
    return f"a defect of thresher, not of what you gave it ({type(error).__name__}: {first}); please report it"


def refused_by_system(error: OSError) -> str:
    """The line for a file that cannot be read or written, wherever that was."""
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; check that it is there, its owner and mode, and the space on its disk"


def _data_folder() -> Path:
    """What ``--data`` names: the command line may be what could not be read, so it is looked for by hand."""
    given = [sys.argv[at + 1] for at, word in enumerate(sys.argv[:-1]) if word == "--data"]
    given += [word.removeprefix("--data=") for word in sys.argv if word.startswith("--data=")]
    return Path(given[-1] if given else os.environ.get("THRESHER_DATA") or DEFAULT_DATA)
