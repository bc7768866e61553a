"""
A stand-in for the platform's ``content_staging`` app: same label, same models, same fields.

The import app points at ``content_staging.StagedContent`` by label, and so runs on either (docs/decisions/0002).
"""
