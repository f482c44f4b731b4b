"""Every error as RFC 9457 says: one object that a person can read and a program can tell apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from unionflow_backend.errors import DatabaseUnavailable, NotAuthenticated, Problem, Unavailable
from unionflow_events import InvalidPayload

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5
log = structlog.get_logger("backend")


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Its path, such as `amount` or `query.limit`.")
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457. `type` is `about:blank`: the status says what kind of problem it is."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["amount: XOF has no decimals"])
    errors: list[FieldProblem] | None = Field(None, description="What is wrong, field by field.")


def problem(
    status: int,
    title: str,
    detail: str,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that tells a problem."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"field": field, "message": message} for field, message in errors]
    return Response(orjson.dumps(body), status, dict(headers or {}), MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of an operation, for OpenAPI; those of every operation are among them."""
    return {
        status: {
            "model": ProblemDetails,
            "description": HTTPStatus(status).phrase,
        }
        for status in sorted({400, 401, 403, 404, 413, 422, 503, *statuses})
    }


def install(app: FastAPI) -> None:
    """Have every error of `app` told as a problem."""
    app.add_exception_handler(Problem, _of_ours)
    app.add_exception_handler(HTTPException, _of_starlette)
    app.add_exception_handler(RequestValidationError, _of_fields)
    app.add_exception_handler(InvalidPayload, _of_payload)
    app.add_exception_handler(DatabaseUnavailable, _of_database)
    app.add_exception_handler(IntegrityError, _of_integrity)
    app.add_exception_handler(Exception, _of_bug)


def told(error: Problem) -> Response:
    """The answer that tells an error of ours."""
    headers = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="unionflow"'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return problem(error.status, error.title, error.detail, error.errors, headers)


async def _of_ours(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return told(error)


async def _of_starlette(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "GET")
    return problem(error.status_code, phrase, str(error.detail), (), headers)


def _methods(request: Request) -> Sequence[str]:
    """All methods of a path. Starlette tells those of the first route that it found."""
    for path, operations in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)), request.url.path):
            return sorted(method.upper() for method in operations)
    return ()


async def _of_fields(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(400, "Bad request", "the body is no JSON")
    errors = [(_path(one["loc"]), str(one["msg"]).removeprefix("Value error, ")) for one in found]
    detail = "; ".join(f"{field}: {message}" for field, message in errors[:3])
    return problem(422, "Unprocessable content", detail, errors[:20])


def _path(location: Sequence[Any]) -> str:
    parts = [str(part)[:64] for part in location if part != "body"]
    return ".".join(parts).encode("utf-8", "replace").decode() or "body"


async def _of_payload(_request: Request, error: Exception) -> Response:
    text = str(error)
    field = text.partition(":")[0]
    return problem(422, "Unprocessable content", text, [(field, text)])


async def _of_database(_request: Request, error: Exception) -> Response:
    log.warning("database does not answer", error=str(error))
    return told(Unavailable("the database does not answer; try again"))


async def _of_integrity(_request: Request, _error: Exception) -> Response:
    # Only what two requests make at the same moment comes so far: each had looked before.
    return problem(409, "Conflict", "something with the same identity was made just now")


async def _of_bug(_request: Request, error: Exception) -> Response:
    # Starlette would answer with plain text, and only then tell the edge, which has our answer.
    raise error
