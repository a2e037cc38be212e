"""Addresses of pages that others link to."""

from urllib.parse import quote

__all__ = ["item_address"]


def item_address(project_id: int, external_id: str) -> str:
    """The Items page at one item; whatever its id holds stays one part of the address."""
    return f"/items?project={project_id}&find={quote(external_id, safe='')}"
