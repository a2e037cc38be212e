"""Errors of the storage layer.

StoreError
├── BackupFailed      a backup could not be written or restored
├── SchemaOutdated    the database was made by another version; `milo db upgrade` is the way on
├── DatabaseMissing   there is no database at the address, or none that answers
└── Stale             a write was based on a version that is no longer the stored one
"""

__all__ = ["BackupFailed", "DatabaseMissing", "SchemaOutdated", "Stale", "StoreError"]


class StoreError(Exception):
    """Base of every error of the storage layer."""


class BackupFailed(StoreError):
    """A backup could not be written or restored; the database is as it was."""


class SchemaOutdated(StoreError):
    """The tables do not have the shape that this version of the code needs."""


class DatabaseMissing(StoreError):
    """No database answers at the address."""


class Stale(StoreError):
    """A write was based on a version that is no longer the stored one."""
