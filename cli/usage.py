"""Usage errors and help of the parser in the language of the command line. Typer writes both in English only."""

from __future__ import annotations

import re
import sys

from typer import TyperException

from schemas.wording import section, text


def usage_error(error: TyperException, lang: str) -> int:
    """Print what was typed wrongly and how the command is used, to stderr. Returns the exit code, 2."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(localised(error.format_message(), lang) + "\n")
        return 2
    if context is not None:
        sys.stderr.write(localised(context.get_usage(), lang) + "\n")
        sys.stderr.write(text("usage.try", lang, command=context.command_path) + "\n")
    sys.stderr.write(text("usage.error", lang, detail=_detail(error, lang)) + "\n")
    return 2


def localised(page: str, lang: str) -> str:
    """A help page with the parser's own words put into the language."""
    for english, ours in section("parser", lang).items():
        page = re.sub(_PATTERNS[english], ours, page, flags=re.MULTILINE)
    return page


_PATTERNS = {
    "usage": r"^Usage:",
    "options": r"^Options:",
    "arguments": r"^Arguments:",
    "commands": r"^Commands:",
    "show_help": r"Show this message and\s+exit\.",
    "required": r"\[required\]",
    "default": r"\[default: ",
    "no_default": r"\[default: \]",
    "required_too": r"; required\]",
}


def _detail(error: TyperException, lang: str) -> str:
    plain = error.format_message()
    name = type(error).__name__
    parameter = _parameter(error)
    if name == "NoSuchOption":
        nearest = ", ".join(sorted(getattr(error, "possibilities", None) or ()))
        key = "usage.no_option_near" if nearest else "usage.no_option"
        return text(key, lang, name=getattr(error, "option_name", "?"), nearest=nearest)
    if name == "MissingParameter":
        return text("usage.missing", lang, name=parameter)
    if name == "BadParameter":
        return text("usage.bad_value", lang, name=parameter, detail=error.message)
    if name == "BadOptionUsage":
        return text("usage.option_needs_value", lang, name=getattr(error, "option_name", "?"))
    command = re.match(r"No such command '(.*)'", plain)
    if command:
        return text("usage.no_command", lang, name=command[1])
    if plain.startswith("Missing command"):
        return text("usage.missing_command", lang)
    extra = re.match(r"Got unexpected extra arguments? \((.*)\)", plain)
    if extra:
        return text("usage.extra", lang, names=extra[1])
    return plain


def _parameter(error: TyperException) -> str:
    hint = getattr(error, "param_hint", None)
    parameter = getattr(error, "param", None)
    if hint:
        return hint if isinstance(hint, str) else " / ".join(hint)
    if parameter is None:
        return "?"
    return str(parameter.metavar or " / ".join(parameter.opts)).strip("[]")
