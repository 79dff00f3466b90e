"""The sources: one module or package each, with ``Site``, ``fetch``, ``read`` and ``parse`` (see ``scrapers.base``)."""

import pkgutil

NOT_SOURCES = frozenset({"base", "common", "settings"})


def names() -> list[str]:
    """Every source that this installation has, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in NOT_SOURCES and not m.name.startswith("_"))
