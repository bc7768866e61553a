"""The command line, off the parsers that read it."""

import argparse
import re
from importlib import import_module
from pkgutil import iter_modules

import import_from_modulestore_standalone.management.commands as standalone
from import_from_modulestore.command_line.base import EXIT_CODES
from import_from_modulestore.command_line.subcommands import SUBCOMMANDS
from import_from_modulestore.management.commands.import_from_modulestore import Command

from .markdown import code, fence, label, table

_OF_DJANGO = {
    *("help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks"),
}


def subcommands() -> str:
    """Every subcommand, by what it is for."""
    parsers = _parsers(Command().create_parser("manage.py", "import_from_modulestore"))
    parts = []
    for purpose, group in SUBCOMMANDS.items():
        parts.append(f"## {_capital(str(purpose))}\n")
        for name in (subcommand.name for subcommand in group):
            parsers[name].prog = name
            parts += [label(f"command-{name}"), f"### {name}\n", _described(parsers[name])]
    return "\n".join(parts)


def of_the_standalone_project() -> str:
    """The commands that the standalone project has beside: ``serve``, ``grants``, …"""
    parts = []
    names = {found.name for found in iter_modules(standalone.__path__)} - {"import_from_modulestore"}
    for name in sorted(names):
        command = import_module(f"{standalone.__name__}.{name}").Command()
        parser = command.create_parser("manage.py", name)
        parser.prog = name
        parts += [label(f"command-{name}"), f"### {name}\n", _described(parser)]
        parts += [f"{code(f'{name} {each}')}\n\n{_arguments(below)}" for each, below in _parsers(parser).items()]
    return "\n".join(parts)


def exit_codes() -> str:
    """What exit codes mean."""
    return table(("code", "meaning"), ((str(number), str(told)) for number, told in EXIT_CODES.items()))


def _parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _described(parser: argparse.ArgumentParser) -> str:
    usage = argparse.HelpFormatter(parser.prog, width=76)
    usage.add_usage(None, _shown(parser), parser._mutually_exclusive_groups, prefix="")
    texts = [_prose(str(text)) for text in (parser.description, parser.epilog) if text]
    return "\n".join([fence(usage.format_help()), texts[0] if texts else "", _arguments(parser), *texts[1:]])


def _prose(text: str) -> str:
    """Paragraphs as they are; those that are indented, or laid out in columns, as they stand on the terminal."""
    laid_out = re.compile(r"^ {2,}|\S {3,}\S", re.MULTILINE)
    parts = re.split(r"\n\s*\n", text.strip("\n"))
    return "\n\n".join(fence(part) if laid_out.search(part) else part for part in parts) + "\n"


def _arguments(parser: argparse.ArgumentParser) -> str:
    found = (action for action in _shown(parser) if not isinstance(action, argparse._SubParsersAction))
    return table(("argument", "meaning"), ((_name(action), _meaning(action)) for action in found))


def _shown(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Arguments of the command's own."""
    hidden = (action.dest in _OF_DJANGO or action.help == argparse.SUPPRESS for action in parser._actions)
    return [action for action, is_hidden in zip(parser._actions, hidden, strict=True) if not is_hidden]


def _name(action: argparse.Action) -> str:
    metavar = action.metavar if isinstance(action.metavar, str) else " ".join(action.metavar or ())
    if action.option_strings:
        value = "" if action.nargs == 0 else f" {metavar or action.dest.upper()}"
        return ", ".join(code(f"{option}{value}") for option in action.option_strings)
    return code(f"{metavar or action.dest}{' …' if action.nargs in {'*', '+'} else ''}")


def _meaning(action: argparse.Action) -> str:
    text = (str(action.help or "") % {**vars(action), "prog": ""}).strip()
    if action.choices and not all(str(choice) in text.replace("-", "_") for choice in action.choices):
        text += f": {', '.join(code(choice) for choice in action.choices)}"
    return text.replace("<", "\\<")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
