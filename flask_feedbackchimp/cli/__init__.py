"""The ``flask feedbackchimp`` group, without the commands' own code until one runs."""

from __future__ import annotations

import click


class _LazyGroup(click.Group):
    """Imports :mod:`.commands` when a command is asked for, not with the app."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from .commands import commands

        return commands.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from .commands import commands

        return commands.get_command(ctx, cmd_name)


feedbackchimp_commands: click.Group = _LazyGroup(
    "feedbackchimp", help="Single sign-on to the FeedbackChimp board."
)
