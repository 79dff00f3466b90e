"""Licences by what they ask of whoever passes a text on."""

from __future__ import annotations

import re
from typing import Literal

Family = Literal["default", "cc-by-sa", "nc"]
"""Also the names of the configs in a snapshot."""

_OPEN = re.compile(
    r"cc0(-1\.0)?|cc-by(-\d\.\d(-[a-z]{2,3})?)?|odc-by(-1\.0)?|pddl(-1\.0)?|public-domain|apache-2\.0|mit|bsd-[23]-clause|cdla-permissive-2\.0"
)
_SHARE_ALIKE = re.compile(r"cc-by-sa(-\d\.\d(-[a-z]{2,3})?)?|gfdl(-1\.\d)?(-or-later|-only)?|odbl(-1\.0)?")
_BY_STRICTNESS: tuple[Family, ...] = ("default", "cc-by-sa", "nc")
_OF_PROMPTS = re.compile(r"prompts ([^\s;]+);", re.IGNORECASE)
_NON_COMMERCIAL = re.compile(r"cc-by-nc(-sa)?(-\d\.\d(-[a-z]{2,3})?)?")


def family(licence: str) -> Family | None:
    """The config that a text of this licence belongs in; None where its text may not be passed on (unknown, no derivatives, a provider's
    terms).

    An item that is made of several texts names each licence (``CC-BY-SA-3.0 AND CC-BY-SA-4.0``) and takes the strictest; share-alike and
    non-commercial contradict each other.
    """
    families = {_family(name) for name in licence.strip().lower().split(" and ")}
    if None in families or {"cc-by-sa", "nc"} <= families:
        return None
    return max((f for f in families if f is not None), key=_BY_STRICTNESS.index)


def of_prompt(licence: str) -> str:
    """The licence of what the models were asked, where a log names one for it: ``prompts CC-BY-4.0; outputs under ...``."""
    match = _OF_PROMPTS.match(licence.strip())
    return match[1] if match else licence


def _family(name: str) -> Family | None:
    if _OPEN.fullmatch(name):
        return "default"
    if _SHARE_ALIKE.fullmatch(name):
        return "cc-by-sa"
    return "nc" if _NON_COMMERCIAL.fullmatch(name) else None
