"""The MILO application: pages, use cases, commands and the one server process."""
