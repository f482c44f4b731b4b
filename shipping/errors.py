"""Every error of the tools that make images, packages and releases."""

from __future__ import annotations


class ShippingError(Exception):
    """What is to be shipped cannot be made; the message says what to do."""


class StepFailed(ShippingError):
    """A program that a step calls has failed; the message holds the end of what it said."""


class LibraryMissing(ShippingError):
    """A package needs a shared library that the image would not have."""


class VersionsDiffer(ShippingError):
    """Files that carry the version do not agree with pyproject.toml."""
