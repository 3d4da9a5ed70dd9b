"""Tells people when a run failed, and when one that should have come did not.

Prefect's automations watch, since a process that died can tell nobody. They are made anew from the
settings whenever the flows are served, or by `python -m flows.notify`. What they send goes by mail
through our own outbox (a run of the flow `tell`), and to Prefect's notification blocks.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, State, StateType

from flows.deployed import deployed
from flows.project import project
from rolecast import outbox, settings
from rolecast.publish import now_utc

TELL = "tell"
FAILED = {"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"}
CAME = {
    "prefect.flow-run.Running",
    "prefect.flow-run.Completed",
    "prefect.flow-run.Needs attention",
}
BEAT = "prefect.flow-run.heartbeat"
ENDED = {"prefect.flow-run.Completed", "prefect.flow-run.Cancelled", "prefect.flow-run.Suspended"}
DEAD = timedelta(seconds=90)  # without a heartbeat; runs send one every 30 s
WHAT = "{{ flow.name }}: {{ flow_run.name }}"
WHY = "{{ flow_run.state.name }}: {{ flow_run.state.message }}"
SILENT = "No run of “%s” has begun for %d minutes."
NEXT = "See whether Rolecast and Prefect's server run (rolecast up), and start a run by hand."


@flow(name=TELL, flow_run_name="Tell the recruiters: {what}")
def tell(root: str, what: str, why: str, run: str = "") -> State:
    """Mail to those in [notify] mail: what happened, why, and where it is seen."""
    with project(root) as opened:
        ours, to = opened.settings, opened.settings.notify.mail
        if ours.mail is None or not to:
            return Completed(message="[notify] mail or [mail] is not set; nobody was told")
        now, link = now_utc(), f"{_ui()}/runs/flow-run/{run}" if run else _ui()
        desk = f"{ours.company.url.rstrip('/')}/desk"
        values = {"what": what, "why": why, "link": link, "desk": desk}
        with opened.ledger.begin() as conn:
            for address in to:
                outbox.post(conn, ours, "alarm", address, "en", now, **values)
        sent = outbox.deliver(opened.ledger, outbox.smtp(ours.mail), ours.mail, now)
    return Completed(message=f"{sent} mails sent")


def _ui() -> str:
    from prefect.settings import PREFECT_UI_URL

    return (PREFECT_UI_URL.value() or "").rstrip("/")


async def install(root: Path, ours: settings.Notify, watched: Mapping[str, UUID]) -> list[str]:
    """Make the automations that the settings ask for; answers their names.

    watched: flow's name → its deployment; a scheduled one has to come at least every
    `ours.silence` minutes. The deployment `tell` is among them.
    """
    tell_by, names = watched.get(TELL), []
    async with get_client() as client:
        blocks = [await _block(client, name) for name in ours.blocks]
        wanted = [_crash()]
        for name, deployment in watched.items():
            if name == TELL:
                continue
            wanted.append(_failure(name, deployment, _actions(root, ours, tell_by, blocks)))
            if name in ours.expects:
                minutes = ours.silence
                told = (SILENT % (name, minutes), NEXT, "")
                actions = _actions(root, ours, tell_by, blocks, told)
                wanted.append(_silence(name, deployment, minutes, actions))
        for one in wanted:
            if one.actions:
                await _put(client, one)
                names.append(one.name)
    return names


def _actions(
    root: Path,
    ours: settings.Notify,
    tell_by: UUID | None,
    blocks: list[UUID],
    told: tuple[str, str, str] | None = None,
) -> list[ActionTypes]:
    """By mail and to each block. told: what, why and the run; None: as Prefect fills them in."""
    what, why, run = told or (WHAT, WHY, "{{ flow_run.id }}")
    actions: list[ActionTypes] = []
    if ours.mail and tell_by:
        given = {"what": what, "why": why, "run": run}
        parameters = {"root": str(root)} | {name: _filled(text) for name, text in given.items()}
        actions.append(RunDeployment(deployment_id=tell_by, parameters=parameters))
    where = "" if told else "\n{{ flow_run|ui_url }}"
    actions += [
        SendNotification(block_document_id=block, subject=f"Rolecast: {what}", body=why + where)
        for block in blocks
    ]
    return actions


def _filled(text: str) -> object:
    return {"__prefect_kind": "jinja", "template": text} if "{{" in text else text


def _failure(name: str, deployment: UUID, actions: list[ActionTypes]) -> AutomationCore:
    return AutomationCore(
        name=f"Rolecast: tell when {name} fails",
        description="Made by Rolecast from [notify] in rolecast.toml.",
        trigger=EventTrigger(
            expect=FAILED, match_related=_of(deployment), posture=Posture.Reactive, threshold=1
        ),
        actions=actions,
    )


def _silence(
    name: str, deployment: UUID, minutes: int, actions: list[ActionTypes]
) -> AutomationCore:
    return AutomationCore(
        name=f"Rolecast: tell when {name} does not come",
        description="Made by Rolecast from [notify] in rolecast.toml.",
        trigger=EventTrigger(
            expect=CAME,
            match_related=_of(deployment),
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(minutes=minutes),
        ),
        actions=actions,
    )


def _crash() -> AutomationCore:
    """A run whose process and worker died together would seem to run for ever."""
    return AutomationCore(
        name="Rolecast: a run without a heartbeat has crashed",
        description="So that its end is seen, and told.",
        trigger=EventTrigger(
            after={BEAT},
            expect={BEAT, *FAILED, *ENDED, "prefect.flow-run.Needs attention"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=DEAD,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, name="Crashed", message="it was not heard of any more"
            )
        ],
    )


def _of(deployment: UUID) -> ResourceSpecification:
    return ResourceSpecification(
        {
            "prefect.resource.role": "deployment",
            "prefect.resource.id": f"prefect.deployment.{deployment}",
        }
    )


async def _put(client: PrefectClient, wanted: AutomationCore) -> None:
    found = await client.read_automations_by_name(wanted.name)
    for old in found[1:]:
        await client.delete_automation(old.id)
    if found:
        await client.update_automation(found[0].id, wanted)
    else:
        await client.create_automation(wanted)


async def _block(client: PrefectClient, name: str) -> UUID:
    """The block of `kind/name`. Raises ValueError with what to do."""
    kind, _, document = name.partition("/")
    try:
        found = await client.read_block_document_by_name(document, kind)
    except ObjectNotFound as error:
        raise ValueError(
            f"[notify] blocks: there is no block {name!r}; make it in Prefect's UI under Blocks"
        ) from error
    return found.id


def main() -> None:
    """python -m flows.notify --root FOLDER: after `prefect deploy --all`."""
    import asyncio

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=Path("."))
    root = parser.parse_args().root.resolve()
    ours = settings.load(root).notify
    with get_client(sync_client=True) as client:
        watched = deployed(client)
    for name in asyncio.run(install(root, ours, watched)):
        print(name)


if __name__ == "__main__":
    main()
