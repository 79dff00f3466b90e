"""The sources: one module or package each, with ``fetch``, ``read`` and ``parse`` (see ``scrapers.base``)."""
