"""Logs as events with fields, one line each on standard error: JSON for machines, or text."""

from __future__ import annotations

import logging
import sys

import structlog
import structlog.tracebacks
from structlog.typing import Processor

_QUIET = {
    # aiokafka logs every failed try at ERROR; the source says the same once, in its own words.
    "aiokafka": logging.CRITICAL,
    "alembic": logging.WARNING,  # the backend says itself which steps were taken
    "uvicorn": logging.ERROR,  # it advises packages to whoever asks the management side to upgrade
}


def configure_logs(form: str, level: str) -> None:
    """Send this program's and its libraries' logs to standard error.

    form: `json` or `text`. level: `debug`, `info`, `warning` or `error`.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # another would show locals: secrets
        )
    )
    if form == "json":
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)  # no secrets
        shared.append(structlog.processors.ExceptionRenderer(frames))
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.INFO), force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
