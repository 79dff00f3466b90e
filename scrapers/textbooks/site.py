"""One repository of books, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from scrapers.base import Place

SOURCE = "textbooks"
TOO_LARGE = 413
"""The status of a page whose file was too large to be kept."""
MAX_FILE_BYTES = 20 * 2**20


class Site(Place):
    """One repository of books."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    repository: str = Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")
    branch: str = "main"
    books: tuple[str, ...] = ()
    """The books wanted: slugs of collections, or the files in which books of other formats begin; empty takes all of the repository."""
    folder: str = ""
    """The folder of the repository that is looked into; empty takes all of it."""
    publisher: str = ""
    """Who is named beside the book; empty names OpenStax for CNXML, and for others the authors that the book names."""
    web_url: str = ""
    """Where the published book is read, where the book does not say it."""
    genai_restricted: bool = False
    """The publisher asks that the books are not fed to generative models; records carry the mark for a person to decide."""
    steps: int = Field(0, ge=0, le=20)
    """At most so many single steps of each worked solution become records of their own; 0 is none."""
    api_url: str = "https://api.github.com"
    raw_url: str = "https://raw.githubusercontent.com"

    @classmethod
    def for_files(cls, name: str) -> dict[str, Any]:
        """A clone of a repository that nobody named."""
        return {"repository": f"local/{name}"}
