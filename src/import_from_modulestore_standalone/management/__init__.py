"""Commands of the standalone project."""
