"""Pages for authors: one more door onto :mod:`..api`, rendered here, and made lively by htmx."""
