"""Every error that the business services raise on purpose, and what its caller can do."""

from __future__ import annotations

from collections.abc import Sequence


class BackendError(Exception):
    """Root of the backend's errors."""


class InvalidDatabaseUrl(BackendError):
    """The address of the database is none. Raised at start; mend UNIONFLOW_DATABASE_URL.

    The message does not repeat the address: it may hold a password.
    """

    def __init__(self) -> None:
        super().__init__(
            "must be sqlite:///path/to/file or postgresql://user:password@host:5432/database"
        )


class InvalidPages(BackendError):
    """The folder of the dashboard's files holds no build. Raised at start; mend UNIONFLOW_PAGES."""


class DatabaseUnavailable(BackendError):
    """The database does not answer, or stays busy. The caller gets 503 and may try again."""


class Problem(BackendError):
    """Something that a caller is told with `status` and `title` (RFC 9457).

    detail: one sentence for whoever reads it. errors: (where, what is wrong) of each field.
    """

    status = 500
    title = "Internal error"

    def __init__(self, detail: str, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class BadRequest(Problem):
    """The request itself cannot be read: a cursor that we did not make, a broken header."""

    status = 400
    title = "Bad request"


class NotAuthenticated(Problem):
    """There is no token, or it is not taken. Get another one."""

    status = 401
    title = "Not authenticated"


class Forbidden(Problem):
    """The caller's roles do not allow this, or this very person may not do it."""

    status = 403
    title = "Forbidden"


class NotFound(Problem):
    """There is no such thing among what the caller may see."""

    status = 404
    title = "Not found"


class Conflict(Problem):
    """What is there already stands against it."""

    status = 409
    title = "Conflict"


class LostRace(Problem):
    """The thing has changed since the caller read it (If-Match). Read it again."""

    status = 412
    title = "Precondition failed"


class Unprocessable(Problem):
    """The request is understood, and what it says cannot be."""

    status = 422
    title = "Unprocessable content"


class Unavailable(Problem):
    """Something that is needed is away now. Try again later."""

    status = 503
    title = "Service unavailable"
