"""What users of an assistant's app write in its store: Apple's public feed of customer reviews, and Google Play's reviews of one's own app.

``walk`` asks, ``reviews`` understands, ``files`` reads what somebody saved.
"""

from scrapers.app_reviews.files import read
from scrapers.app_reviews.reviews import parse
from scrapers.app_reviews.site import Site
from scrapers.app_reviews.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
