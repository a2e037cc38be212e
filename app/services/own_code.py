"""Functions of the operator's own, named as `module:function`."""

import importlib
from collections.abc import Callable
from typing import Any

from app.errors import Invalid

__all__ = ["own_function"]


def own_function(name: str) -> Callable[..., Any]:
    """The function of this name, of a module that Python finds. Raises Invalid saying what is wrong with it.

    Only names from the command line get here: whoever names a function can run it.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # importing runs somebody else's code
        raise Invalid(f"no function {name!r}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise Invalid(f"{name!r} is no function")
    return found  # type: ignore[no-any-return]
