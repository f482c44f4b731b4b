"""Every error that the cluster's tools raise on purpose."""

from __future__ import annotations


class ClusterError(Exception):
    """Root of them."""


class ToolMissing(ClusterError):
    """A program is not here that the cluster needs. The message is one line: how to install it."""


class BuildFailed(ClusterError):
    """Go could not build or fetch; the message has the end of what it said."""


class NotReady(ClusterError):
    """A part has ended, or does not answer in time; the message names it and its log."""
