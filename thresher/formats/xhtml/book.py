"""Which pages of a repository or folder are a book, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lxml.etree import _Element

from thresher.errors import PayloadError
from thresher.formats.books.document import plain
from thresher.formats.books.exercise import About, Book, BookExercise, Files, Read
from thresher.formats.books.licence import Licence, licence_in, strictest
from thresher.formats.xhtml.exercise import Leaf, exercises, leaf
from thresher.formats.xhtml.page import HEADINGS, read_page, title_of
from thresher.model import Dead

_SUFFIXES = (".xhtml", ".html", ".htm")
_NO_PAGE = re.compile(
    r"(?:^|/)(?:node_modules|_static|static|assets|css|js|fonts?|_build|genindex|search|\.[^/]*)(?:/|\.html$)", re.IGNORECASE
)
_MOST = 3_000
_LOOKED_INTO = 25
"""Pages that are looked into for exercises before a repository is taken for none of books."""
_SIGN = re.compile(
    rb"(?:class|id|name)=[\"'][^\"']*(?:exercise|exer|problem|ejercicio|exercice|aufgabe|uebung)|>\s*Exercises?\s*<", re.IGNORECASE
)
_TAG = re.compile(r"\blicen[cs]e:\s?(ccby(?:nc)?(?:sa|nd)?|publicdomain|cc0|gnufdl|gnu|arr|unknown|ck12|mixed)\b", re.IGNORECASE)
_TAG_VERSION = re.compile(r"\blicen[cs]eversion:\s?(\d)\.?(\d)\b", re.IGNORECASE)
_LICENCE_HREF = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/|gnu\.org/(?:licenses|copyleft)/fdl", re.IGNORECASE)
_NATURAL = re.compile(r"(\d+)")
_SITE_TAIL = re.compile(r"\s+[-|\u2013\u2014]\s+[^-|\u2013\u2014]*LibreTexts\s*$", re.IGNORECASE)


def mains(paths: Collection[str], read: Read) -> list[str]:
    """The folder's first page, by whose name the book is called, where one of the pages that are looked into shows an exercise."""
    pages = _pages(paths)
    step = max(1, len(pages) // _LOOKED_INTO)
    looked = pages[::step][: 2 * _LOOKED_INTO]
    return pages[:1] if any((body := read(p)) is not None and _SIGN.search(body) for p in looked) else []


def files(main: str, paths: Collection[str], read: Read) -> list[str]:
    """All pages, in the order of their names."""
    return _pages(paths)


def _pages(paths: Collection[str]) -> list[str]:
    pages = [p for p in paths if p.lower().endswith(_SUFFIXES) and not _NO_PAGE.search(p)]
    return sorted(pages, key=_natural)[:_MOST]


def _natural(path: str) -> list[tuple[int, str]]:
    """``1_10`` after ``1_9``."""
    return [(int(part), "") if part.isdecimal() and len(part) < 10 else (-1, part) for part in _NATURAL.split(path)]


def read_book(main: str, files: Files) -> Book:
    """All pages as one book; a page that cannot be read is dead and costs itself."""
    leaves: list[Leaf] = []
    dead: list[Dead] = []
    roots: list[_Element] = []
    for path in sorted((p for p in files if p.lower().endswith(_SUFFIXES)), key=_natural):
        try:
            root = read_page(files[path])
        except PayloadError as error:
            dead.append(Dead(error.reason, f"{path}: {error}", path))
            continue
        roots.append(root)
        try:
            leaves.append(leaf(path, root, _licence(root), _title(root)))
        except RecursionError:
            dead.append(Dead("too_deep", f"{path} is nested too deeply to be read", path))
    title = _common_title(roots)
    language = next((lang for r in roots if (lang := _language(r))), "")
    return Book(About(title=title, language=language, authors=_author(roots)), _parts(dead, leaves, title))


def _parts(dead: list[Dead], leaves: list[Leaf], title: str) -> Iterator[BookExercise | Dead]:
    yield from dead
    yield from exercises(leaves, title)


def _language(root: _Element) -> str:
    return root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("lang") or ""


def _title(root: _Element) -> str:
    heading = next((title_of(h) for h in root.iter(*HEADINGS) if plain(h)), "")
    return heading or _SITE_TAIL.sub("", plain(root.find(".//title")))


def _common_title(roots: list[_Element]) -> str:
    """What the titles of the pages begin with alike; the title of the only page."""
    titles = [_SITE_TAIL.sub("", t) for r in roots if (t := plain(r.find(".//title")))]
    if not titles:
        return ""
    common = titles[0]
    for title in titles[1:]:
        while common and not title.startswith(common):
            common = common[:-1]
    parted = re.sub(r"[\s:,;|\u2013\u2014-]+[\d.]*$", "", common).strip()
    return parted if len(parted) > 3 else titles[0] if len(titles) == 1 else ""


def _author(roots: list[_Element]) -> str:
    names = (m.get("content") or "" for r in roots for m in r.iter("meta") if (m.get("name") or "").lower() in {"author", "dc.creator"})
    return next((" ".join(n.split()) for n in names if n.strip()), "")


def _licence(root: _Element) -> Licence:
    """What a page states of itself: LibreTexts' tags, a link that says that it is the licence. Of several the strictest: a page can be put
    together of others'."""
    everything = "".join(str(t) for t in root.itertext()) + " ".join(
        str(v) for el in root.iter() for k, v in el.items() if k in {"content", "data-tags", "title"}
    )
    if tags := _TAG.findall(everything):
        version = _TAG_VERSION.search(everything)
        return strictest(_tagged(t.lower(), f"{version[1]}.{version[2]}" if version else "") for t in tags)
    links = [el.get("href") or "" for el in root.iter("a", "link") if "license" in (el.get("rel") or "").lower().split()]
    links = links or [h for el in root.iter("a") if _LICENCE_HREF.search(h := el.get("href") or "")]
    stated = [x for x in (licence_in(h) for h in links) if x.spdx != "unknown"]
    return strictest(stated)


def _tagged(tag: str, version: str) -> Licence:
    """A tag of LibreTexts; a Creative Commons licence without its version stays unknown."""
    words = f"license:{tag}" + (f" licenseversion:{version}" if version else "")
    if tag.startswith("ccby") and version:
        terms = "-".join(
            p for p in ("by", "nc" if "nc" in tag else "", "sa" if tag.endswith("sa") else "nd" if tag.endswith("nd") else "") if p
        )
        return Licence(f"https://creativecommons.org/licenses/{terms}/{version}/", words)
    if tag in {"publicdomain", "cc0"}:
        return Licence("https://creativecommons.org/publicdomain/zero/1.0/", words)
    if tag == "gnufdl":
        return Licence("", f"GNU Free Documentation License {words}")
    return Licence("https://chem.libretexts.org/", words)
