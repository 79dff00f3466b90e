"""What can go wrong, as a tree.

ThresherError                    the base of all; ``retryable`` says whether trying the same again can help
|- SettingsError                 a file in config/ or the environment: names file, key and what is allowed
|- NetworkError                  (url, source) could not be fetched
|  |- TransientError             retryable: connect errors, timeouts, truncated bodies, 5xx after the last try
|  |- RateLimited                the server wants a longer wait than we grant: stop this source cleanly, state saved
|  |- HttpStatusError            a final status (400, 401, 403, 404, 410, 451, ...)
|  |- BlockedAddress             a forbidden scheme, port or address, at any hop
|  |- RobotsDisallowed           robots.txt of the host forbids this URL
|  |- ResponseTooLarge           over a cap, before or after decompression
|  |- DeadlineExceeded           the whole response took too long
|  `- BudgetExhausted            this source's own cap on requests or minutes
|     |- ShareUsed               a site's share of it: what the others leave is still to be had
|     `- Stopped                 the run was told to end
|- PaginationError               a cursor that loops, or pages without end
|- PayloadError                  a body that is not what the contract says (page dead-lettered)
|- ArchiveError                  the archive cannot be written or read
|- StoreError                    the database
|  |- DatabaseLocked             another process holds it: (pid, since)
|  |- DatabaseDamaged            the file does not match its ledger: run ``thresher doctor``
|  |- SchemaTooOld               written by an earlier thresher, and only read: whoever writes migrates it
|  `- SchemaTooNew               written by a later thresher
|- EncoderError                  the embedding model: missing, changed, or giving NaN
`- UsageError                    the command line or an argument: exit code 2

Beside it stands Interrupted, which is no error: a person or the system wants the process to end.
"""

from __future__ import annotations

from datetime import datetime


class ThresherError(Exception):
    """Base of every error that thresher raises on purpose; its text says what to do."""

    retryable = False


class Interrupted(BaseException):
    """A signal asks the process to end (Ctrl-C, SIGTERM). Not a KeyboardInterrupt: libraries take that for theirs to tell."""


class SettingsError(ThresherError):
    """A setting is missing or wrong."""


class UsageError(ThresherError):
    """The caller asked for something that does not exist or cannot be."""


class NetworkError(ThresherError):
    """A URL could not be fetched. ``reason`` is the snake_case word under which it is counted."""

    reason = "network_error"

    def __init__(self, message: str, *, url: str = "", source: str = "") -> None:
        super().__init__(message)
        self.url = url
        self.source = source


class TransientError(NetworkError):
    """Failed after all tries; may work later."""

    reason = "transient"
    retryable = True


class RateLimited(NetworkError):
    """The server asked for a wait of ``wait_s`` seconds, more than the cap."""

    reason = "rate_limited"
    retryable = True

    def __init__(self, message: str, *, wait_s: float, url: str = "", source: str = "") -> None:
        super().__init__(message, url=url, source=source)
        self.wait_s = wait_s


class HttpStatusError(NetworkError):
    """A final HTTP status. ``body`` holds the first bytes, for the log of the operator."""

    reason = "http_status"

    def __init__(self, message: str, *, status: int, body: bytes = b"", url: str = "", source: str = "") -> None:
        super().__init__(message, url=url, source=source)
        self.status = status
        self.body = body


class BlockedAddress(NetworkError):
    """The scheme, port or resolved address is not allowed."""

    reason = "blocked_address"


class RobotsDisallowed(NetworkError):
    """robots.txt forbids the URL."""

    reason = "robots_disallowed"


class ResponseTooLarge(NetworkError):
    """The response passed a cap and was cut off."""

    reason = "too_large"


class DeadlineExceeded(NetworkError):
    """The whole response did not arrive in time."""

    reason = "deadline"
    retryable = True


class BudgetExhausted(NetworkError):
    """The source's own cap on requests or minutes is reached."""

    reason = "budget"


class ShareUsed(BudgetExhausted):
    """The share of one site is used, the budget of its source is not."""


class Stopped(BudgetExhausted):
    """The run was told to end: no further request goes out."""


class PaginationError(ThresherError):
    """A listing that loops or never ends. ``reason`` is ``pagination_loop`` or ``page_cap``."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class PayloadError(ThresherError):
    """A body that breaks the source's contract. ``reason`` is the snake_case word under which the page is dead-lettered."""

    def __init__(self, message: str, *, reason: str = "bad_payload") -> None:
        super().__init__(message)
        self.reason = reason


class ArchiveError(ThresherError):
    """The archive cannot be written or read."""


class StoreError(ThresherError):
    """The database refused."""


class DatabaseLocked(StoreError):
    """Another process is writing."""

    retryable = True

    def __init__(self, message: str, *, pid: int | None = None, since: datetime | None = None) -> None:
        super().__init__(message)
        self.pid = pid
        self.since = since


class DatabaseDamaged(StoreError):
    """The file cannot be opened, or does not match its ledger."""


class SchemaTooOld(StoreError):
    """The file was written by an earlier version, and a reader does not migrate it."""


class SchemaTooNew(StoreError):
    """The file was written by a later version."""


class EncoderError(ThresherError):
    """The embedding model cannot be used."""
