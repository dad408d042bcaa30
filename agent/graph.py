"""The drafting graph: plan, gather in parallel, outline, write in parallel, check, revise, wait for review, export."""

from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from agent.nodes.check import check
from agent.nodes.decline import decline
from agent.nodes.export import export
from agent.nodes.gather import gather
from agent.nodes.ledger import ledger
from agent.nodes.outline import outline
from agent.nodes.plan import plan
from agent.nodes.review import review
from agent.nodes.write import tasks, write
from agent.state import Deps, State

PICTURE = """
    plan -> gather (xN) -> ledger -> outline -> write (xN) -> check -> review -> export
                             |                    ^            |          |
                             +-> decline          +--- revise -+----------+  (findings, or changes asked for)
"""

Graph = CompiledStateGraph[State, Deps, State, State]


def after_plan(state: State) -> list[Send]:
    """One branch a question."""
    return [Send("gather", {"run": state["run"], "request": state["request"], "question": q}) for q in state["questions"]]


def after_ledger(state: State) -> Literal["outline", "decline"]:
    """Draft only on enough evidence."""
    return "outline" if state["enough"] else "decline"


def after_outline(state: State) -> list[Send]:
    """One branch a section."""
    return [Send("write", task) for task in tasks(state)]


def after_check(state: State) -> list[Send] | Literal["review"]:
    """Write failing sections again, or go on to the committee."""
    return [Send("write", task) for task in tasks(state)] or "review"


def after_review(state: State) -> list[Send] | Literal["export", "__end__"]:
    """Approved bytes are exported; comments go back into the writing; a rejection ends the run."""
    verdict = state["verdict"]
    if verdict.decision == "approve":
        return "export"
    return [Send("write", task) for task in tasks(state)] if verdict.decision == "changes" else "__end__"


def build(checkpointer: BaseCheckpointSaver[str] | None = None) -> Graph:
    """Wire the graph. Without a checkpointer it cannot wait for review or go on after a kill."""
    graph: StateGraph[State, Deps, State, State] = StateGraph(State, context_schema=Deps)
    graph.add_node("plan", plan)
    graph.add_node("gather", gather)
    graph.add_node("ledger", ledger)
    graph.add_node("outline", outline)
    graph.add_node("decline", decline)
    graph.add_node("write", write)
    graph.add_node("check", check)
    graph.add_node("review", review)
    graph.add_node("export", export)
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", after_plan, ["gather"])
    graph.add_edge("gather", "ledger")
    graph.add_conditional_edges("ledger", after_ledger)
    graph.add_conditional_edges("outline", after_outline, ["write"])
    graph.add_edge("write", "check")
    graph.add_conditional_edges("check", after_check, ["write", "review"])
    graph.add_conditional_edges("review", after_review, ["write", "export", END])
    graph.add_edge("export", END)
    graph.add_edge("decline", END)
    return graph.compile(checkpointer=checkpointer)
