"""`python -m local up|run|down|demo|status|logs`, which `make` calls by the same names."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError

from local import demo_operators, logs, stack
from local.console import LocalError, say
from local.place import Place
from local.stripe_choice import StripeChoice

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0, or 1 with a message on stderr; 130 after an interruption.
    """
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    commands.choices["logs"].add_argument("function", nargs="?", default="")
    given = parser.parse_args(arguments)
    for number in ENDING:
        signal.signal(number, _interrupt)
    try:
        COMMANDS[given.command](Place.from_environment(), given)
    except KeyboardInterrupt:
        return 130
    except (LocalError, BotoCoreError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _up(place: Place, _: argparse.Namespace) -> None:
    """Start the stack in the background."""
    _tell(place, stack.up(place))
    say("`make demo` buys something, `make logs` shows the log, `make down` ends it.")


def _run(place: Place, _: argparse.Namespace) -> None:
    """Start the stack, run the demo and serve until Ctrl-C."""
    try:
        description = stack.up(place)
        if StripeChoice.from_environment(place).is_fake:
            demo_operators.run(description)
        _tell(place, description)
        say("Serving; Ctrl-C ends it.")
        signal.pause()
    except KeyboardInterrupt:
        say("\nEnding.")
    finally:
        if stopped := stack.down(place):
            say(f"Stopped: {', '.join(stopped)}.")


def _down(place: Place, _: argparse.Namespace) -> None:
    """End every program that was started."""
    stopped = stack.down(place)
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def _demo(place: Place, _: argparse.Namespace) -> None:
    """Buy something on the running stack."""
    demo_operators.run(stack.read(place))


def _status(place: Place, _: argparse.Namespace) -> None:
    """Tell whether the stack is up."""
    if not stack.is_healthy(place):
        message = "The stack is not up."
        raise LocalError(message)
    _tell(place, stack.read(place))


def _logs(place: Place, given: argparse.Namespace) -> None:
    """Print what the functions logged, all or those whose name begins so."""
    stack.read(place)
    for function, line in logs.lines(place, given.function):
        say(f"{function}: {line}")


def _tell(place: Place, description: dict[str, Any]) -> None:
    say(f"\n  API      {description['api_url']}")
    say(f"  webhook  {description['webhook_url']}")
    say(f"  Stripe   {description['dashboard_url']}")
    say(f"  console  {description['api_url']}/console")
    say(f"  keys     {place.stack_file}\n")


def _interrupt(_: int, __: FrameType | None) -> None:
    """End as Ctrl-C does, once: what cleans up after it is not interrupted in turn."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


COMMANDS: dict[str, Callable[[Place, argparse.Namespace], None]] = {
    "up": _up,
    "run": _run,
    "down": _down,
    "demo": _demo,
    "status": _status,
    "logs": _logs,
}

if __name__ == "__main__":
    sys.exit(main())
