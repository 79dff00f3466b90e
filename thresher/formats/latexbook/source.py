"""A LaTeX document put together of its files, without comments, each line with the file and line that it came from."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from thresher.formats.books.exercise import Read
from thresher.model import Dead

_INPUT = re.compile(
    r"\\(?:input|include|subfile|subimport|import|subincludefrom|includefrom)\*?\s*(?:\{(?P<first>[^{}]*)\}(?:\s*\{(?P<second>[^{}]*)\})?|\s(?P<bare>[\w./-]+))"
)
_PACKAGES = re.compile(r"\\(?:usepackage|RequirePackage|documentclass|LoadClass)\s*(?:\[[^\]]*\])?\s*\{([^{}]*)\}")
_END = re.compile(r"\\endinput\b|\\end\s*\{document\}")
_COMMENT = re.compile(r"(?<!\\)(?:\\\\)*(%.*)$")
_VERBATIM = ("verbatim", "verbatim*", "lstlisting", "Verbatim", "minted", "alltt", "BVerbatim", "sageblock", "sagesilent", "pycode")
_VERBATIM_BEGIN = re.compile(rf"\\begin\{{({'|'.join(re.escape(v) for v in _VERBATIM)})\}}")
_HIDDEN = re.compile(r"\\iffalse\b.*?\\fi\b|\\begin\{comment\}.*?\\end\{comment\}", re.DOTALL)
_ENCODING = re.compile(rb"\\usepackage\s*\[\s*([\w-]+)\s*\]\s*\{inputenc\}")
_ENCODINGS = {
    "latin1": "latin-1",
    "latin9": "iso8859-15",
    "ansinew": "cp1252",
    "cp1252": "cp1252",
    "applemac": "mac-roman",
    "utf8x": "utf-8",
}
_MAX_FILES = 2_000
_MAX_BYTES = 64 * 2**20
_MAX_DEPTH = 15


@dataclass
class Document:
    """A document put together. ``files`` are those that it is made of, ``dead`` what it includes and that is not there."""

    files: list[str] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    origins: list[tuple[str, int]] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    """The texts of the book's own packages, for the commands that they define."""
    size: int = 0

    def finish(self) -> None:
        """Makes the whole text, to be called once all lines are there."""
        text = "\n".join(self.lines)
        # What is hidden keeps its line breaks, so that lines keep their origins.
        self.text = _HIDDEN.sub(lambda m: "\n" * m[0].count("\n"), text)
        self._starts = [0]
        for line in self.text.split("\n")[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)

    text: str = ""
    _starts: list[int] = field(default_factory=list)

    def origin(self, at: int) -> tuple[str, int]:
        """The file and line of a place in the text."""
        return self.origins[bisect_right(self._starts, at) - 1] if self.origins else ("", 0)


def assemble(main: str, read: Read) -> Document:
    """The document that begins in ``main``, with all that it inputs; empty where that file is not there."""
    document = Document()
    _add(main, (main,), document, read, posixpath.dirname(main))
    document.finish()
    return document


def decode(body: bytes) -> str:
    """The text of a file: UTF-8, else the encoding that it names, else Latin-1."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        named = _ENCODING.search(body)
        return body.decode(_ENCODINGS.get(named[1].decode().lower(), "cp1252") if named else "cp1252", "replace")


def _add(path: str, open_files: tuple[str, ...], document: Document, read: Read, home: str) -> None:
    body = read(path)
    if body is None:
        return
    document.files.append(path)
    document.size += len(body)
    for number, line in _lines(decode(body).replace("\r\n", "\n").replace("\r", "\n")):
        end = _END.search(line)
        line = line[: end.start()] if end else line
        if _PACKAGES.search(line):
            _add_styles(line, document, read, home)
        at = 0
        for match in _INPUT.finditer(line):
            target = _target(match, path, home, read)
            if not target:
                continue
            document.lines.append(line[at : match.start()])
            document.origins.append((path, number))
            at = match.end()
            _include(target, path, open_files, document, read, home)
        document.lines.append(line[at:])
        document.origins.append((path, number))
        if end:
            break


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file with their numbers, without comments; a line that is nothing else is gone, so that it parts no paragraph."""
    inside = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if inside:
            yield number, line
            if f"\\end{{{inside}}}" in line:
                inside = ""
            continue
        match = _VERBATIM_BEGIN.search(line)
        if match and f"\\end{{{match[1]}}}" not in line:
            inside = match[1]
        comment = _COMMENT.search(line, 0, match.start() if match else len(line))
        if comment and not _in_verb(line, comment.start(1)):
            rest = line[: comment.start(1)]
            if not rest.strip():
                continue
            line = rest
        yield number, line


def _in_verb(line: str, at: int) -> bool:
    match = re.search(r"\\verb\*?([^\w\s*])", line)
    return match is not None and match.start() < at < line.find(match[1], match.end())


def _target(match: re.Match[str], path: str, home: str, read: Read) -> str:
    """The file of the repository that an input means; empty for one that the book does not have (a class's own, a generated one)."""
    named = posixpath.join(match["first"] or "", match["second"]) if match["second"] else match["first"] or match["bare"] or ""
    named = named.strip().strip('"')
    if not named or "\\" in named or "#" in named:
        return ""
    if named.startswith("/"):
        return f"?{named}"
    for base in dict.fromkeys((home, posixpath.dirname(path))):
        for candidate in (f"{named}.tex", named):
            place = posixpath.normpath(posixpath.join(base, candidate))
            if not place.startswith("..") and posixpath.splitext(place)[1] and read(place) is not None:
                return place
    return f"?{named}"


def _include(target: str, path: str, open_files: tuple[str, ...], document: Document, read: Read, home: str) -> None:
    if target.startswith("?"):
        document.dead.append(Dead("missing_file", f"{path} includes {target[1:]!r}, which is not in the repository", target[1:]))
    elif target in open_files or len(open_files) > _MAX_DEPTH:
        document.dead.append(Dead("include_cycle", f"{path} includes {target}, which includes it again", target))
    elif len(document.files) >= _MAX_FILES or document.size > _MAX_BYTES:
        document.dead.append(Dead("include_too_much", f"{path} includes {target}, beyond {_MAX_FILES} files or {_MAX_BYTES} bytes", target))
    else:
        _add(target, (*open_files, target), document, read, home)


def _add_styles(line: str, document: Document, read: Read, home: str) -> None:
    for match in _PACKAGES.finditer(line):
        for name in match[1].split(","):
            for suffix in (".sty", ".cls"):
                place = posixpath.normpath(posixpath.join(home, name.strip() + suffix))
                if name.strip() and not place.startswith("..") and place not in document.files and (body := read(place)) is not None:
                    document.files.append(place)
                    document.styles.append("\n".join(text for _, text in _lines(decode(body))))
