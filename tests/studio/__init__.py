"""
The host for Studio, in Studio.

Where the platform is importable, these tests run in it (docs/studio.md says how). Elsewhere they run on a double of
what the host uses of it (``double/``), and those that ask for the real thing are skipped.
"""
