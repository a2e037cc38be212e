"""Addresses of pages that others link to."""

from urllib.parse import quote

__all__ = ["case_address", "item_address", "review_address"]


def item_address(project_id: int, external_id: str) -> str:
    """The Items page at one item; whatever its id holds stays one part of the address."""
    return f"/items?project={project_id}&find={quote(external_id, safe='')}"


def case_address(project_id: int, item_id: int) -> str:
    """The Adjudicate page at the cases of one item."""
    return f"/adjudicate?project={project_id}&case={item_id}"


def review_address(project_id: int, item_id: int) -> str:
    """The Review page, at one item where it is to be reviewed."""
    return f"/review?project={project_id}&item={item_id}"
