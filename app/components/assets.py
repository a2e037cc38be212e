"""Where the scripts and styles of our components lie, and the version under which browsers keep them."""

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["FRONTEND", "assets_version"]

FRONTEND = Path(__file__).parent / "frontend"


@cache
def assets_version() -> str:
    """Hash of every file: a changed one changes the address, so that browsers never run an old script."""
    digest = hashlib.sha256()
    for path in sorted(FRONTEND.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FRONTEND).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
