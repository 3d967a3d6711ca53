"""``archiver completion SHELL``: the script that makes the tab key work."""

from __future__ import annotations

import os
from typing import ClassVar

import click
from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from archiver.cli.screen import Screen
from archiver.cli.session import command
from archiver.errors import ArchiverError

#: Where each shell reads the script from.
_INSTALL = {
    "bash": "archiver completion bash >> ~/.bashrc",
    "zsh": "archiver completion zsh >> ~/.zshrc",
    "fish": "archiver completion fish > ~/.config/fish/completions/archiver.fish",
    "powershell": "archiver completion powershell >> $PROFILE",
}

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $line = $line.PadRight($cursorPosition).Substring(0, $cursorPosition)
    $env:COMP_WORDS = $line
    $env:COMP_LAST = $wordToComplete
    $env:%(complete_var)s = "powershell_complete"
    try {
        & %(prog_name)s | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            $kind = [System.Management.Automation.CompletionResultType]::ParameterValue
            [System.Management.Automation.CompletionResult]::new($value, $value, $kind, $help)
        }
    } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_LAST, Env:%(complete_var)s
    }
}
"""


class PowerShellComplete(ShellComplete):
    """Completion for Windows PowerShell 5.1 and PowerShell 7: a line a word, tab, help."""

    name: ClassVar[str] = "powershell"
    source_template: ClassVar[str] = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one at the cursor, and that one."""
        last = os.environ.get("COMP_LAST", "")
        words = split_arg_string(os.environ.get("COMP_WORDS", ""))[1:]
        return (words[:-1] if last and words else words), last

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Words only: where a path is wanted, PowerShell completes it by itself."""
        found = super().get_completions(args, incomplete)
        return [item for item in found if item.type == "plain"]

    def format_completion(self, item: CompletionItem) -> str:
        """One line; a tool tip may not be empty."""
        return f"{item.value}\t{' '.join((item.help or item.value).split())}"


add_completion_class(PowerShellComplete)


@command("completion")
@click.argument("shell", type=click.Choice(sorted(_INSTALL)))
def completion(shell: str, as_json: bool, quiet: bool) -> None:
    """Print the script that completes archiver's words in your shell.

    \b
    Examples:
      archiver completion bash >> ~/.bashrc
      archiver completion zsh >> ~/.zshrc
      archiver completion fish > ~/.config/fish/completions/archiver.fish
      archiver completion powershell >> $PROFILE

    Start a new shell afterwards.
    """
    from archiver.cli.main import archiver

    screen = Screen(as_json, quiet)
    found = get_completion_class(shell)
    if found is None:
        raise ArchiverError(f"no completion is known for {shell}")
    script = found(archiver, {}, "archiver", "_ARCHIVER_COMPLETE").source()
    if as_json:
        screen.json({"shell": shell, "script": script, "install": _INSTALL[shell]})
    else:
        screen.result(script)
