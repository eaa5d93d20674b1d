"""How a command that fails ends: its exit code and what the user reads."""

from __future__ import annotations

from trigger.cli import CLOSED_PIPE, INTERRUPTED
from trigger.errors import TriggerError


def explain(error: BaseException) -> tuple[int, str]:
    """Return exit code and text of what ended a command; what nobody foresaw is raised again."""
    match error:
        case TriggerError():
            return error.exit_code, str(error)
        case KeyboardInterrupt():
            return INTERRUPTED, "interrupted; what was finished is kept, the same command goes on"
        case BrokenPipeError():
            return CLOSED_PIPE, ""
        case OSError():
            return 2, f"{error.filename or 'standard output'}: {error.strerror or error}"
        case MemoryError():
            said = f": {error}" if str(error) else ""
            return 2, f"there is not enough memory{said}. To do: ask for smaller images or models"
        case RecursionError():
            return 2, "something is nested too deeply"
        case ImportError() if error.name and not error.name.startswith("trigger"):
            return 2, _missing(error.name)
    raise error


def _missing(module: str) -> str:
    from trigger.flow.doctor import PACKAGES

    wanted = module.partition(".")[0].replace("_", "-")
    for name, enables, remedy in PACKAGES:
        if name.replace("_", "-") == wanted:
            return f"{name} is not installed; it enables: {enables}. To do: {remedy}"
    return f"the package {wanted} is not installed. To do: pip install trigger"
