"""What a run leaves in Prefect's UI: a summary, the publications, the problems by file."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from rolecast.plan import Change, Plan, Scheduled, blocked_by_reason
from rolecast.problems import Problem, visible
from rolecast.publish import Result
from rolecast.reports import Row

MOST_ROWS = 500  # a table of 10,000 rows takes the server more than half a second


def summary(plan: Plan, results: Sequence[Result], problems: Sequence[Problem]) -> str:
    """The run in Markdown, for the recruiter."""
    done = [result for result in results if result.ok]
    rest = [result for result in results if not result.ok]
    lines = [
        f"**{len(done)}** done, **{len(rest)}** not, **{len(plan.blocked)}** held back; "
        f"{plan.jobs} job specs, {plan.files_with_problems} of them with problems.",
        "",
    ]
    lines += _section("Not done", [_failed(result) for result in rest[:MOST_ROWS]])
    held = blocked_by_reason(plan.blocked).items()
    lines += _section(
        "Held back", [f"{channel}: {safe(reason)} ({n})" for (channel, reason), n in held]
    )
    lines += _section(
        "Wait for somebody to agree", [_asked(c) for c in plan.changes if c.needs_approval]
    )
    lines += _section("Later", [_later(one) for one in plan.scheduled[:20]])
    lines += _section("Files to mend", [_problem(problem) for problem in problems[:MOST_ROWS]])
    lines += _section("Notes", [safe(note) for note in plan.notes])
    return "\n".join(lines)


class Progress:
    """How far a long run is, in Prefect's UI. of: how much there is to do; 0: show nothing."""

    def __init__(self, of: int):
        self.of = of
        self.id = of and create_progress_artifact(
            0.0, key="syndicate-progress", description=f"{of} posts to send, edit or withdraw"
        )

    def show(self, done: int) -> None:
        """So much is done."""
        if self.of:
            update_progress_artifact(self.id, 100.0 * done / self.of)


WIDE = 32  # letters of the longest bar


def funnel(rows: Sequence[Row]) -> str:
    """What led to what, by channel: a picture in letters, which every browser and mail shows."""
    parts = []
    for row in rows:
        steps = [("clicks by persons", row.human), ("applied", row.applied)]
        steps += [("interviewed", row.interviewed), ("hired", row.hired)]
        most = max([count or 0 for _, count in steps]) or 1
        lines = [
            f"{name:18}{'not measured' if count is None else f'{_bar(count, most)} {count}'}"
            for name, count in steps
        ]
        parts.append(f"### {safe(row.name)}\n\n```text\n{chr(10).join(lines)}\n```")
    return "\n\n".join(parts)


def _bar(count: int, most: int) -> str:
    return "█" * max(bool(count), round(WIDE * count / most))


def publish(
    plan: Plan, results: Sequence[Result], problems: Sequence[Problem], desk: str
) -> None:
    """Write the artifacts of one run. desk: the desk's address."""
    text = f"{summary(plan, results, problems)}\n[To the desk]({desk})\n"
    create_markdown_artifact(text, key="syndicate-summary", description="What this run did")
    if results:
        create_table_artifact(
            [_row(result, desk) for result in results[:MOST_ROWS]],
            key="syndicate-publications",
            description="What changed where",
        )
    if problems:
        create_markdown_artifact(
            _by_file(problems), key="syndicate-problems", description="Job specs to mend"
        )


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"### {title}", "", *(f"- {line}" for line in lines), ""] if lines else []


def _failed(result: Result) -> str:
    change = result.change
    return f"`{change.job_id}` on {change.channel}: {result.state}. {safe(result.reason or '')}"


def _asked(change: Change) -> str:
    return f"`{change.job_id}` on {change.channel}: {change.action} {change.moment}"


def _later(one: Scheduled) -> str:
    return f"{one.at:%Y-%m-%d %H:%M} UTC: `{one.job_id}` on {one.channel} ({one.moment})"


def _problem(problem: Problem) -> str:
    return f"`{safe(problem.path)}` line {problem.line}: {safe(problem.message)}"


def _row(result: Result, desk: str) -> dict[str, str]:
    change = result.change
    address = f"[{result.address}]({result.address})" if result.address else ""
    return {
        "job": f"[{change.job_id}]({desk}/jobs/{change.job_id})",
        "channel": change.channel,
        "what": str(change.action),
        "now": str(result.state),
        "address": address,
        "why": safe(result.reason or change.reason),
    }


def _by_file(problems: Sequence[Problem]) -> str:
    parts, last = [], None
    for problem in problems[:MOST_ROWS]:
        if problem.path != last:
            parts.append(f"### `{safe(problem.path)}`")
            last = problem.path
        parts.append(f"```text\n{problem.render().replace('```', '´´´')}\n```")
    return "\n\n".join(parts)


def safe(text: str) -> str:
    """Text of a job spec may be hostile: nothing of it is Markdown or HTML here."""
    plain = visible(" ".join(text.split()))
    return plain.replace("<", "&lt;").replace("`", "´").replace("|", "&#124;").replace("[", "&#91;")
