"""How far an import is, as whoever watches is told."""

from __future__ import annotations

import io

from local.importing.progress import Progress


class Terminal(io.StringIO):
    """Somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_line_that_grows() -> None:
    times = iter([0.0, 10.0, 20.0, 30.0, 40.0])
    out = Terminal()
    progress = Progress(40, out, clock=lambda: next(times))
    progress.add(["imported"] * 10)
    progress.add(["imported"] * 9 + ["conflict"])
    assert out.getvalue().count("\n") == 0
    assert out.getvalue().endswith(
        "[###############...............] 20/40  19 imported, 1 conflict  about 0:20 left"
    )
    progress.end()
    assert out.getvalue().endswith("\n")


def test_a_file_gets_a_line_now_and_then() -> None:
    out = io.StringIO()
    progress = Progress(250, out, clock=lambda: 0.0)
    for _ in range(25):
        progress.add(["already"] * 10)
    progress.end()
    assert [line.split()[1] for line in out.getvalue().splitlines()] == [
        "100/250",
        "200/250",
        "250/250",
    ]
