"""
What the running of a step is made of: states and who changes them, attempts, endings, recovery, messages, progress.

Modules that do a step know nothing of workers; they hold the import, and move it on. All else about running is here.
"""
