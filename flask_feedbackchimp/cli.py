"""The commands of ``flask feedbackchimp``."""

from __future__ import annotations

import click

commands = click.Group("feedbackchimp")
