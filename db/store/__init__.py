"""Store functions: primitives in, frozen records out; the caller owns the transaction."""
