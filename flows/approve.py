"""Asks somebody to agree to texts: a run that waits for a form, in Prefect's own UI.

The ledger keeps the questions and the answers, so the desk and `rolecast approve` answer them as
well; a run whose questions were answered there is cancelled. Prefect does not know who fills in a
form, so the form asks.
"""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow, get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.states import Cancelled, Completed, State
from pydantic import Field, create_model

from flows.deployed import deployed
from flows.project import project
from rolecast import desk
from rolecast.ledger import approvals
from rolecast.ledger.approvals import Asked
from rolecast.project import Project
from rolecast.publish import now_utc

PATIENCE = 30 * 24 * 3600  # seconds
NAME = "approve"


@flow(name=NAME, flow_run_name="{title}")
def approve(root: str, title: str, texts: dict[str, int]) -> State:
    """Ask for texts, wait, and write the answers down.

    texts: how the form names each text → its number in the ledger. Runs from the top again when
    the form comes back, so nothing before the form has an effect.
    """
    with project(root) as opened:
        waiting = _waiting(opened)
        asked = {name: waiting[number] for name, number in texts.items() if number in waiting}
        if not asked:
            return Completed(message="answered elsewhere")
    form = _form(list(texts)).with_initial_data(description=_description(asked))
    answer = suspend_flow_run(wait_for_input=form, timeout=PATIENCE, key="texts")
    with project(root) as opened:
        done, not_done = _decide(opened, texts, answer)
    _syndicate_again()
    left = f"; {'; '.join(not_done)}" if not_done else ""
    return Completed(message=f"{done} decided by {answer.who}{left}")


def ask(opened: Project) -> None:
    """Start a run for the questions that no run asks yet; end the runs that nobody needs."""
    with opened.ledger.read() as conn:
        waiting = approvals.waiting(conn)
    new = [one for one in waiting if one.run is None]
    with get_client(sync_client=True) as client:
        _end_answered(client, {one.id for one in waiting})
        if not new:
            return
        deployment = deployed(client).get(NAME)
        if deployment is None:
            get_run_logger().warning("%d texts wait for approval, on the desk", len(new))
            return
        jobs = sorted({one.job_id for one in new})
        more = f" and {len(jobs) - 1} more" if jobs[1:] else ""
        run = client.create_flow_run_from_deployment(
            deployment,
            parameters={
                "root": str(opened.root),
                "title": f"Somebody has to agree to texts for {jobs[0]}{more}",
                "texts": {_name(one): one.id for one in new},
            },
        )
    with opened.ledger.begin() as conn:
        approvals.in_run(conn, [one.id for one in new], str(run.id))


def _end_answered(client: SyncPrefectClient, waiting: set[int]) -> None:
    paused = client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[NAME])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED]))
        ),
    )
    for run in paused:
        if not waiting & set(run.parameters.get("texts", {}).values()):
            state = Cancelled(message="answered on the desk, or not asked any more")
            client.set_flow_run_state(run.id, state, force=True)


def _waiting(opened: Project) -> dict[int, Asked]:
    with opened.ledger.read() as conn:
        return {one.id: one for one in approvals.waiting(conn)}


def _form(names: list[str]) -> type[RunInput]:
    """The form, whose choices are the texts."""
    one_of: Any = list[Literal[tuple(names)]]  # type: ignore[valid-type]
    return create_model(
        "Texts",
        __base__=RunInput,
        approve=(one_of, Field(names, description="These may go out as they are.")),
        refuse=(one_of, Field([], description="These may not; the job spec has to change.")),
        who=(str, Field(min_length=1, description="Your name; it is kept with the decision.")),
        note=(str, Field("", description="Why.")),
    )


def _name(one: Asked) -> str:
    return f"{one.action} {one.job_id} on {one.channel} ({one.moment}, {one.post_hash[:6]})"


def _description(asked: dict[str, Asked]) -> str:
    parts = ["What is neither approved nor refused stays on the desk."]
    for name, one in asked.items():
        text = one.text()
        shown = text.text if text else "(to be taken down)"
        fence = "~" * (3 + shown.count("~~~"))
        parts.append(f"**{name}**, because: {one.note}\n\n{fence}text\n{shown}\n{fence}")
    return "\n\n".join(parts)


def _decide(opened: Project, texts: dict[str, int], answer: Any) -> tuple[int, list[str]]:
    """How many were decided, and what could not be."""
    waiting, done, not_done = _waiting(opened), 0, []
    said = {name: False for name in answer.refuse} | {
        name: True for name in answer.approve if name not in answer.refuse
    }
    for name, approved in said.items():
        one = waiting.get(texts[name])
        try:
            if one is None:
                raise desk.NotPossible(f"{name}: answered elsewhere, or not asked any more")
            desk.decide(opened.ledger, one, approved, answer.who, now_utc(), answer.note)
            done += 1
        except desk.NotPossible as error:
            not_done.append(str(error))
    return done, not_done


def _syndicate_again() -> None:
    """What was agreed to goes out now, not with the next scheduled run."""
    with get_client(sync_client=True) as client:
        deployment = deployed(client).get("syndicate")
        if deployment is not None:
            parameters = {"why": "somebody agreed to texts"}
            client.create_flow_run_from_deployment(deployment, parameters=parameters)
