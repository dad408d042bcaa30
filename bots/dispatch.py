"""Turn what went wrong into one sentence on stderr and an exit code. The only place that catches everything."""

import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import typer

from agent.errors import DaoclerkError
from bots.console import notes_on_stderr

INTERRUPTED = 130
STOPPED = "stopped; what was stored stays, `daoclerk resume` goes on with a draft"
INSTANT = {"--help", "--version"}
"""Answered before anything could leave a note."""


def dispatch(app: typer.Typer) -> None:
    """Run the command line and end the process with its exit code."""
    if len(sys.argv) > 1 and not INSTANT & set(sys.argv):
        notes_on_stderr()
    try:
        code = app(standalone_mode=False)
    except DaoclerkError as known:
        end(str(known), known.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        end(STOPPED, INTERRUPTED)
    except SystemExit as ended:
        # The option parser ends with 1 when the reader of our output has gone; that is no failed check.
        sys.exit(0 if isinstance(ended.__context__, BrokenPipeError) else ended.code)
    except Exception as unknown:
        if _usage(unknown):
            return
        if isinstance(unknown, UnicodeEncodeError) and unknown.object in sys.argv:
            end(f"'{unknown.object[:80]}' is not UTF-8 text, type it again", 2)
        if kept := _checkpoints(unknown):
            end(kept, 1)
        end(f"{_words(unknown)}{_logged(unknown)}", 1)
    else:
        if code == INTERRUPTED:  # how the option parser tells of Ctrl-C
            end(STOPPED, INTERRUPTED)
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


def _checkpoints(problem: Exception) -> str | None:
    """The sentence for a driver's own error: the store translates its errors, so it came from the graph's checkpoints."""
    code = getattr(problem, "sqlite_errorname", None) or getattr(problem, "sqlstate", None)
    if not isinstance(code, str):
        return None
    from retrieval.database import POSTGRES, SQLITE

    known = next((said for name, said in {**SQLITE, **POSTGRES}.items() if code.startswith(name)), None)
    said = known or f"cannot be used: {str(problem).splitlines()[0] if str(problem) else code}"
    if code in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        said = "is damaged; delete it, the drafts are in the database and only runs that were cut off must begin anew"
    return f"checkpoints: {'checkpoints.db' if code.startswith('SQLITE') else 'the database'} {said}"


def _words(problem: Exception) -> str:
    if isinstance(problem, OSError):
        from bots.wiring import why

        name = f" '{problem.filename}'" if problem.filename else ""
        return f"the system refused{name}: {why(problem)}"
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
