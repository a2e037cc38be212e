"""Statistics: pure functions over documented frames, each with its source. Undefined is a value with a reason."""
