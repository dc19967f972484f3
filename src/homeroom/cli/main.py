"""The commands, put together. A command's module is read when it is called, so that `homeroom --help` is quick."""

from __future__ import annotations

import gc
import os
from importlib import import_module

import click

import homeroom

# name -> where it is, and what help says of it: asking the command itself would read every module
COMMANDS = {
    "serve": ("homeroom.cli.serve:serve", "Start a server."),
    "worker": ("homeroom.cli.worker:worker", "Run jobs without serving requests."),
    "migrate": ("homeroom.cli.migrate:migrate", "Bring the tables up to date."),
    "doctor": ("homeroom.cli.doctor:doctor", "Check the installation for problems."),
    "token": ("homeroom.cli.tokens:token", "Create access tokens."),
    "user": ("homeroom.cli.users:user", "Help people who cannot sign in: passwords and second factors."),
    "account": ("homeroom.cli.accounts:account", "Change settings of the root account."),
    "openapi": ("homeroom.cli.openapi:openapi", "Print the OpenAPI document."),
    "demo": ("homeroom.cli.demo:demo", "Load or retire the demo school."),
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        # What is read now stays for good; the collector would go through it again and again: a tenth of a start.
        gc.disable()
        try:
            command: click.Command = getattr(import_module(module), name)
        finally:
            gc.freeze()
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(homeroom.__version__, "-V", "--version", prog_name="homeroom", message="%(prog)s %(version)s")
def main() -> None:
    """Homeroom serves a school over the Canvas LMS Users API.

    \b
    Start with
      homeroom serve --demo       a small demo school on http://127.0.0.1:8000
      homeroom serve              an empty school, stored in ./homeroom-data
      homeroom doctor             find out what is wrong

    Settings are environment variables (HOMEROOM_DATA, HOMEROOM_DATABASE_URL ...). Options on the command line override
    them.
    """
    # What is made in the data folder is nobody else's on this machine to read.
    os.umask(0o077)
