"""Errors as HTTP problem details (RFC 9457) that repeat no value of a row, no URL and no path of the service."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from prisml import (
    ArtifactError,
    ConfigurationError,
    EncodingError,
    ModelLoadError,
    ModelNotFoundError,
    PrisMLError,
    RegistryError,
    SchemaDriftError,
)

# Nothing can be served now; it may be in a minute, when somebody has published a model or the registry is back.
UNAVAILABLE = (ArtifactError, ConfigurationError, ModelLoadError, ModelNotFoundError, RegistryError, SchemaDriftError)

log = logging.getLogger("uvicorn.error")


def add_handlers(app: FastAPI) -> None:
    """Let ``app`` answer with problem details where PrisML raises, or where a request is not what an endpoint takes."""
    app.exception_handler(PrisMLError)(_of_prisml)
    app.exception_handler(RequestValidationError)(_of_request)


async def _of_prisml(request: Request, error: PrisMLError) -> JSONResponse:
    """What the client sent is explained; what is wrong in here goes to the log, and only its code to the client."""
    status = _status(request, error)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return _document(status, f"urn:prisml:{error.code}", error.message)
    log.error("%s %s: %s", request.method, request.url.path, error)
    return _document(status, f"urn:prisml:{error.code}", "The log of the service says more.")


async def _of_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """FastAPI's own answer repeats the input, and fails where that is NaN."""
    reasons = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return _document(HTTPStatus.UNPROCESSABLE_ENTITY, "about:blank", "; ".join(reasons))


def _status(request: Request, error: PrisMLError) -> HTTPStatus:
    if isinstance(error, UNAVAILABLE):
        return HTTPStatus.SERVICE_UNAVAILABLE
    # Only a posted row is the client's.
    if isinstance(error, EncodingError) and request.method == "POST":
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _document(status: HTTPStatus, kind: str, detail: str) -> JSONResponse:
    document = {"type": kind, "title": status.phrase, "status": status.value, "detail": detail}
    return JSONResponse(document, status.value, media_type="application/problem+json")
