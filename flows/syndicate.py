"""The main job: load → plan → publish, a task for each channel and chunk → artifacts.

The ledger is the truth; Prefect schedules, runs and shows. Tasks that post are
never retried by Prefect: recovery is the next run's first step.
"""

from __future__ import annotations

from prefect import flow, get_run_logger, runtime, task
from prefect.futures import PrefectFuture, as_completed
from prefect.states import Completed, State

from connectors.http import Http
from flows import artifacts, limits
from flows.approve import ask
from flows.project import project
from rolecast import ledger as ledgers
from rolecast import runs
from rolecast.ledger import plans, progress
from rolecast.meter import metered
from rolecast.plan import Change, Plan
from rolecast.planning import Planned
from rolecast.publish import CHUNK, Result

ROUNDS = 3  # a look after a lost answer may show that there is more to do


@task(task_run_name="Compare the folder with what is out there")
def plan(root: str, allow_removals: bool = False) -> Planned:
    """Compare the folder with the ledger; the plan is kept in the ledger under its digest."""
    with project(root) as opened:
        planned = opened.plan(allow_removals=allow_removals)
        with opened.ledger.begin(alone="plans") as conn:
            body = planned.plan.model_dump_json()
            plans.save(conn, planned.plan.digest, body, planned.plan.made_at)
            if todo := sum(map(len, executable(planned.plan).values())):
                progress.begin(conn, planned.plan.digest, todo, planned.plan.made_at)
        limits.prepare([opened.channels[name] for name in executable(planned.plan)])
    _tell(planned)
    return planned


def _posts() -> str:
    """The name of a chunk's task run."""
    given = runtime.task_run.parameters
    first, last = given["start"] + 1, given["stop"]
    return f"{given['channel']}: {'post' if first == last else 'posts'} {first}" + (
        f" to {last}" if last > first else ""
    )


@task(task_run_name=_posts, retries=0)
def carry_out(root: str, digest: str, channel: str, start: int, stop: int) -> list[Result]:
    """Carry out changes start..stop of one channel of a saved plan."""
    log = get_run_logger()
    with project(root) as opened:
        changes = executable(_saved(opened.ledger, digest)).get(channel, [])[start:stop]
        with (
            limits.turn(opened.channels[channel]),
            runs.part_of(runtime.flow_run.id or ""),
            metered(opened.ledger, digest, len(changes)) as meter,
        ):
            results = opened.publish(changes, lambda one: Http(pace=one.connector.pace), meter)
    for result in results:
        level = log.info if result.ok else log.warning
        change = result.change
        level(
            "%s %s: %s → %s %s %s",
            change.channel,
            change.job_id,
            change.action,
            result.state,
            result.address or "",
            result.reason or "",
        )
    return results


@task(task_run_name="Ask somebody to agree to texts")
def ask_for_approval(root: str) -> None:
    """Start a run that asks for the texts which nobody has been asked for yet."""
    with project(root) as opened:
        ask(opened)


@task(task_run_name="Write down what was done")
def show(root: str, planned: Planned, results: list[Result]) -> None:
    """Leave a summary, the publications and the problems in Prefect's UI."""
    with project(root) as opened:
        desk = f"{opened.settings.company.url.rstrip('/')}/desk"
    artifacts.publish(planned.plan, results, planned.problems, desk)


@flow(name="syndicate", flow_run_name="Publish what changed: {why}", log_prints=False)
def syndicate(
    root: str = ".", allow_removals: bool = False, why: str = "a look by the clock"
) -> State:
    """Make the world as the folder of job specs says.

    root: the folder with rolecast.toml, on the machine that runs this. allow_removals: withdraw
    although more than a fifth of the specs are gone at once. why: what the run is called after,
    such as the file that changed.
    """
    results: list[Result] = []
    planned = plan(root, allow_removals)
    first = planned
    for _ in range(ROUNDS):
        futures = _submit(root, planned.plan)
        if not futures:
            break
        results += _collected(futures, planned.plan)
        planned = plan(root, allow_removals)
    if any(change.needs_approval for change in planned.plan.changes):
        ask_for_approval(root)
    show(root, Planned(planned.plan, first.problems, first.moving), results)
    return _state(planned.plan, results)


def executable(plan: Plan) -> dict[str, list[Change]]:
    """Channel → the changes that need nobody's approval."""
    found = {
        name: [change for change in changes if not change.needs_approval]
        for name, changes in plan.by_channel().items()
    }
    return {name: changes for name, changes in found.items() if changes}


def _submit(root: str, plan: Plan) -> list[PrefectFuture[list[Result]]]:
    """Channels at the same time, the chunks of one channel one after the other."""
    futures: list[PrefectFuture[list[Result]]] = []
    for channel, changes in executable(plan).items():
        before: list[PrefectFuture[list[Result]]] = []
        for start in range(0, len(changes), CHUNK):
            stop = min(start + CHUNK, len(changes))
            before = [carry_out.submit(root, plan.digest, channel, start, stop, wait_for=before)]
            futures += before
    return futures


def _collected(futures: list[PrefectFuture[list[Result]]], plan: Plan) -> list[Result]:
    """The results as they come; how far it is, is shown while it takes long."""
    results: list[Result] = []
    count = sum(len(changes) for changes in executable(plan).values())
    progress = artifacts.Progress(count if count > CHUNK else 0)
    for future in as_completed(futures):
        results += future.result()
        progress.show(len(results))
    return results


def _saved(ledger: ledgers.Ledger, digest: str) -> Plan:
    with ledger.read() as conn:
        return Plan.model_validate_json(plans.load(conn, digest))


def _tell(planned: Planned) -> None:
    log = get_run_logger()
    for problem in planned.problems:
        log.warning("%s", problem.render())
    for path in planned.moving:
        log.info("%s is still being written; the next run takes it", path)
    for note in planned.plan.notes:
        log.warning(note)


def _state(plan: Plan, results: list[Result]) -> State:
    failed = sum(not result.ok for result in results)
    message = (
        f"{len(results) - failed} done, {failed} not, {len(plan.blocked)} held back, "
        f"{len(plan.scheduled)} later, "
        f"{plan.files_with_problems} files with problems"
    )
    attention = failed or plan.blocked or plan.files_with_problems or plan.notes
    return Completed(message=message, name="Needs attention" if attention else "Completed")


if __name__ == "__main__":
    syndicate(".")
