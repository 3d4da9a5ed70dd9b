"""The command line. Commands load only when they are called, so that --help is quick."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from rolecast import __version__

# name → (module, one line for --help); the modules are imported on use
COMMANDS = {
    "check": ("check", "Check job specs and say what to write instead."),
    "preview": ("preview", "Show exactly what would be posted for a job."),
    "plan": ("plan", "Show what has to change where, and why."),
    "publish": ("publish", "Carry out the plan: publish, edit, withdraw."),
    "status": ("status", "Show what is live where, what waits and what failed."),
    "calendar": ("calendar", "Show what will go out when."),
    "approve": ("approve", "Agree to texts that wait for somebody, or refuse them."),
    "verify": ("verify", "Look whether what is live is there and says what we wrote."),
    "history": ("history", "Show everything that happened to a job."),
    "channels": ("channels", "List the channels and what each can do."),
    "doctor": ("doctor", "Say who we would post as, or what is missing."),
    "rehearse": ("rehearse", "Send a test post to a private audience."),
    "decide": ("decide", "Tell the ledger what only a person can know."),
    "up": ("up", "Run everything: watcher, board, desk, Prefect."),
    "web": ("web", "Serve board, desk and links only."),
    "report": ("report", "Show what led to clicks, applications and hires."),
    "outcomes": ("outcomes", "Bring in what became of applications."),
    "credit": ("credit", "Who is credited for an application, and why."),
    "people": ("people", "Show who is known, give them their data, delete them."),
    "clicks": ("clicks", "Bring clicks in, judge or count them anew."),
    "go": ("go", "Serve links and public job pages only."),
}


class Lazy(click.Group):
    """A group that knows its commands by name and imports them when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"rolecast.cli.{COMMANDS[name][0]}")
        return getattr(module, name)

    def resolve_command(self, ctx: click.Context, args: list[str]):
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if near:
                error.message += f" Did you mean {near[0]!r}?"
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rolecast")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    envvar="ROLECAST_ROOT",
    show_default=True,
    help="The folder with rolecast.toml.",
)
@click.pass_context
def main(ctx: click.Context, root: Path) -> None:
    """Job specs in a folder become live posts on every channel, exactly once.

    \b
    A first round:
      rolecast check              are the specs in jobspecs/ right?
      rolecast plan               what would happen, and why?
      rolecast publish            make it so
      rolecast status             what is where?
      rolecast up                 keep doing that whenever a file changes
    """
    ctx.obj = root
