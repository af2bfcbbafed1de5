"""Limits are settings, and an error names the setting that sets the limit."""

from __future__ import annotations

from app.settings import Settings, variable
from models.catalogues.document import Document
from models.catalogues.records import Fault
from models.errors import InputError


def limit_fault(setting: str, most: int, value: int, message: str) -> str | None:
    """Return what is wrong with a value over `most`, the limit that `setting` sets, or None."""
    return None if value <= most else f"{message}; at most {most} are accepted ({variable(setting)})"


def check_limit(settings: Settings, setting: str, value: int, pointer: str, message: str) -> None:
    """Raise InputError at `pointer` if `value`, which `message` names, is over the limit of a setting."""
    fault = limit_fault(setting, getattr(settings, setting), value, message)
    if fault is not None:
        raise InputError(pointer, fault)


def check_page_size(settings: Settings, size: int) -> None:
    """Raise InputError if a list's page is to be longer than `max_results`."""
    check_limit(settings, "max_results", size, "query:limit", f"limit is {size}")


def check_document_size(document: Document, most: int) -> Document | Fault:
    """Return the document, or a Fault if it holds more than `most` tags (the setting `max_document_tags`)."""
    n_tags = len(document.tags)
    fault = limit_fault("max_document_tags", most, n_tags, f"tags holds {n_tags} tags")
    return document if fault is None else Fault(fault)
