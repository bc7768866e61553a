"""
The command line: its subcommands, each a thin door onto :mod:`import_from_modulestore.api`, and, in :mod:`.terminal`,
what they show.

:mod:`.subcommands` lists them; the command that Django finds is in ``management/commands``.
"""
