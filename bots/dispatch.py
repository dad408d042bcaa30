"""Turn what went wrong into one sentence on stderr and an exit code. The only place that catches everything."""

import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import typer

from agent.errors import DaoclerkError

INTERRUPTED = 130


def dispatch(app: typer.Typer) -> None:
    """Run the command line and end the process with its exit code."""
    try:
        code = app(standalone_mode=False)
    except DaoclerkError as known:
        end(str(known), known.exit_code)
    except typer.Abort:
        end("stopped", INTERRUPTED)
    except KeyboardInterrupt:
        end("stopped; what was stored stays, `daoclerk resume` goes on with a draft", INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as unknown:
        if _usage(unknown):
            return
        end(f"{_words(unknown)}{_logged(unknown)}", 1)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _usage(problem: Exception) -> bool:
    """Wrong use as the option parser found it: its own words, exit 2."""
    show = getattr(problem, "format_message", None)
    if show is None:
        return False
    context = getattr(problem, "ctx", None)
    if context is not None:
        sys.stderr.write(f"{context.get_usage()}\n")
    end(show(), int(getattr(problem, "exit_code", 2)))
    return True


def end(message: str, code: int) -> None:
    """Print `daoclerk: message` and stop."""
    sys.stderr.write(f"daoclerk: {' '.join(message.split())}\n")
    sys.exit(code)


def _words(problem: Exception) -> str:
    if isinstance(problem, OSError):
        from bots.wiring import why

        name = f" '{problem.filename}'" if problem.filename else ""
        return f"the system refused{name}: {why(problem)}"
    if "database is locked" in str(problem) or "database or disk is full" in str(problem):
        return f"database: {str(problem).splitlines()[0]}, nothing was lost; try again when it is free"
    return f"unexpected {type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else 'no message'}"


def _logged(problem: Exception) -> str:
    """Keep the traceback where it can be sent in; say where, or nothing if it could not be written."""
    import tempfile

    path = Path(tempfile.gettempdir()) / f"daoclerk-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    try:
        path.write_text("".join(traceback.format_exception(problem)), encoding="utf-8")
    except OSError:
        return ""
    return f" (details in {path})"
