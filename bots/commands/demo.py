"""`daoclerk demo`: the main job on the bundled sample DAO, offline, without key, GPU or model."""

import asyncio
import json as jsonlib
import sys
from importlib.resources import as_file, files
from pathlib import Path

from agent.schemas import Lang
from bots import asking
from bots.commands.draft import announce
from bots.commands.ingest import load_sample
from bots.console import Steps, deliver, say, show, show_json
from bots.wiring import open_app


def demo(home: Path | None, lang: Lang, json: bool) -> None:
    """Load Harbor DAO, draft from a topic and a chart picture, verify the result against the stored sources."""
    from bots.drafting import begin, new_run

    with open_app(home) as app:
        say(f"home: {app.home}")
        load_sample(app, quiet=True)
        with as_file(files("bots") / "sample") as folder:
            main = next(
                t for t in jsonlib.loads((folder / "topics.json").read_text(encoding="utf-8")) if t["lang"] == lang and t.get("chart")
            )
            request = asking.request(
                app, main["topic"], dao="harbor", exclude=[], chart=folder / main["chart"], lang=lang, writer="grounded"
            )
            run = new_run()
            announce(run, request)
            draft = asyncio.run(begin(app, run, request, Steps()))
        from bots.exporter import render

        out = app.home / "drafts" / f"harbor-{lang}"
        out.mkdir(parents=True, exist_ok=True)
        for format_, name in (("md", "draft.md"), ("json", "draft.json"), ("snapshot", "snapshot.json"), ("governor", "governor.md")):
            deliver(render(draft, format_).data, out / name)  # type: ignore[arg-type]
        if json:
            show_json(draft.model_dump(mode="json", by_alias=True))
            return
        show(render(draft, "md").data.decode())
        show("What each check found:")
        for check in draft.checks:
            show(f"  {check.level:8}{check.rule} · {check.where} · {check.message}")
        _next(draft.run, draft.sha256, out)


def _next(run: str, sha256: str, out: Path) -> None:
    show(f"""
Files: {out} (draft.md, draft.json, snapshot.json, governor.md)
No language model wrote this: the grounded writer composes from quotes and recorded facts, and leaves blank what only the author knows.

Try next:
  export DAOCLERK_HOME={out.parents[1]} PATH={Path(sys.executable).parent}:$PATH
  daoclerk verify {run}                                     every sentence against its source again
  daoclerk review {run} --by you --approve {sha256[:12]}    approve these exact bytes, write the submission files
  daoclerk draft "开发者资助" --dao harbor                       in Chinese
  daoclerk search "treasury diversification" --dao harbor
  daoclerk ingest files PATH                                your own DAO's proposals (JSONL or Markdown)""")
