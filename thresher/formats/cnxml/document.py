"""The names that everybody needs."""

from __future__ import annotations

CNXML = "http://cnx.rice.edu/cnxml"
COLLXML = "http://cnx.rice.edu/collxml"
MDML = "http://cnx.rice.edu/mdml"


def cnx(name: str) -> str:
    """A CNXML element name in Clark notation."""
    return f"{{{CNXML}}}{name}"
