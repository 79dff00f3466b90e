"""Templates to pages that need nothing else and run nothing that is not theirs.

Every value is escaped (Jinja's autoescape). The policy in each page names its style sheet and its script by their hashes and forbids all
else: what somebody wrote in a post is shown, and neither runs nor loads anything.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, **values: Any) -> str:
    """A template of ``templates/`` filled in."""
    return _environment().get_template(template).render(**values)


def number(value: float) -> str:
    """With separators of thousands."""
    return f"{value:,}"


def moment(stamp: str | datetime | None) -> str:
    """To the minute, in UTC; a dash where it never was."""
    text = stamp.isoformat() if isinstance(stamp, datetime) else stamp
    return text[:16].replace("T", " ") if text else "-"


def safe_link(url: str | None) -> str:
    """The address where it is one of the web, else none: no ``javascript:`` is ever a link."""
    return url if url and url.lower().startswith(("https://", "http://")) else ""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = (Markup((TEMPLATES / name).read_text(encoding="utf-8")) for name in ("style.css", "search.js"))
    environment.globals |= {"style": style, "script": script, "policy": _policy(style), "policy_with_script": _policy(style, script)}
    environment.filters |= {"number": number, "moment": moment, "link": safe_link}
    return environment


def _policy(style: str, script: str = "") -> str:
    scripts = f"script-src {_hash(script)}; " if script else ""
    return f"default-src 'none'; {scripts}style-src {_hash(style)}; img-src 'none'; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
