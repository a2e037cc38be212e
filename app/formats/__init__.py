"""Bytes to records and back, streaming; no database."""

from app.formats.items import ItemRow, SuggestionRow, preview, read_items
from app.formats.ratings import RatingsTable, read_ratings
from app.formats.rows import BadRow, Format, detect_format
from app.formats.writers import FORMATS, csv_bytes, write_rows

__all__ = [
    "FORMATS",
    "BadRow",
    "Format",
    "ItemRow",
    "RatingsTable",
    "SuggestionRow",
    "csv_bytes",
    "detect_format",
    "preview",
    "read_items",
    "read_ratings",
    "write_rows",
]
