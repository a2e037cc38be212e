"""Storage: typed tables, migrations and store functions. Imports nothing else of the project."""
