"""A book of many files as one page: a tar of the files as they came, because answers stand in other files than their exercises."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from scrapers.textbooks.kinds import BY_NAME, rights_files
from scrapers.textbooks.site import MAX_FILE_BYTES
from thresher.errors import PayloadError
from thresher.formats.books.exercise import Read

MEDIA_TYPE = "application/x-tar"
MAX_BOOK_BYTES = 64 * 2**20


@dataclass
class Bundle:
    """The files of one book. ``left_out`` are those that it asks for and that are not in it, with the reason."""

    kind: str
    main: str
    files: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The files as a tar: the same files give the same bytes."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, content in self.files.items():
                member = tarfile.TarInfo(path)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return out.getvalue()

    @property
    def context(self) -> Mapping[str, str]:
        """What a page carries of a book."""
        missing = "\n".join(f"{reason} {path}" for path, reason in self.left_out.items())
        return {"kind": "book", "format": self.kind, "path": self.main} | ({"left_out": missing} if missing else {})


def gather(kind: str, main: str, paths: Collection[str], read: Read) -> Bundle:
    """The book that begins in ``main``, with the files that state its licence."""
    bundle = Bundle(kind, main)
    wanted = [*BY_NAME[kind].files(main, paths, read), *rights_files(paths, main)]
    size = 0
    for path in dict.fromkeys(wanted):
        body = read(path)
        if body is None:
            bundle.left_out[path] = "missing_file"
        elif len(body) > MAX_FILE_BYTES or size + len(body) > MAX_BOOK_BYTES:
            bundle.left_out[path] = "too_large"
        else:
            bundle.files[path] = body
            size += len(body)
    return bundle


def unpack(body: bytes) -> dict[str, bytes]:
    """The files of a bundle by their paths; PayloadError ``bad_tar`` where it is none."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:") as tar:
            for member in tar:
                if member.isfile() and (content := tar.extractfile(member)) is not None:
                    files[member.name] = content.read()
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise PayloadError(f"the page is no tar of a book's files: {error}", reason="bad_tar") from error
    return files
