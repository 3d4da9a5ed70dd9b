"""What a run leaves in Prefect's UI: a summary, the publications, the problems by file."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from rolecast.plan import Change, Plan, Scheduled, blocked_by_reason
from rolecast.problems import Problem, visible
from rolecast.publish import Result

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


def publish(plan: Plan, results: Sequence[Result], problems: Sequence[Problem]) -> None:
    """Write the artifacts of one run."""
    create_markdown_artifact(
        summary(plan, results, problems), key="syndicate-summary", description="What this run did"
    )
    if results:
        create_table_artifact(
            [_row(result) for result in results[:MOST_ROWS]],
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


def _row(result: Result) -> dict[str, str]:
    change = result.change
    address = f"[{result.address}]({result.address})" if result.address else ""
    return {
        "job": change.job_id,
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
