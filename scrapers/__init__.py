"""The sources: one module each, with ``fetch``, ``read`` and ``parse`` (see ``scrapers.base``)."""
