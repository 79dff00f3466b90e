"""Licences by what they ask of whoever passes a text on."""

from __future__ import annotations

import re
from typing import Literal

Family = Literal["default", "cc-by-sa", "nc"]
"""Also the names of the configs in a snapshot."""

_OPEN = re.compile(
    r"cc0(-1\.0)?|cc-by(-\d\.\d)?|odc-by(-1\.0)?|pddl(-1\.0)?|public-domain|apache-2\.0|mit|bsd-[23]-clause|cdla-permissive-2\.0"
)
_SHARE_ALIKE = re.compile(r"cc-by-sa(-\d\.\d)?|gfdl(-1\.\d)?(-or-later|-only)?|odbl(-1\.0)?")
_NON_COMMERCIAL = re.compile(r"cc-by-nc(-sa)?(-\d\.\d)?")


def family(licence: str) -> Family | None:
    """The config that a text of this licence belongs in; None where its text may not be passed on (unknown, no derivatives, a provider's
    terms)."""
    name = licence.strip().lower()
    if _OPEN.fullmatch(name):
        return "default"
    if _SHARE_ALIKE.fullmatch(name):
        return "cc-by-sa"
    return "nc" if _NON_COMMERCIAL.fullmatch(name) else None
