"""For Starlette: the receiver's endpoint.

app = Starlette(routes=[Route("/billing/events", endpoint(receiver), methods=["POST"])])
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from billing_client.gate import PROBLEM_JSON, Problem, received
from billing_client.receiver import Receiver


def endpoint(receiver: Receiver) -> Callable[[Request], Awaitable[Response]]:
    """Build the endpoint to which the service pushes; it takes POST.

    The receiver's `on_event` is called in a thread, so that it may block.
    """

    async def receive(request: Request) -> Response:
        body = await request.body()
        problem = await run_in_threadpool(received, receiver, request.headers, body)
        return answer(problem) if problem else Response(status_code=204)

    return receive


def answer(problem: Problem) -> Response:
    """Answer with a problem."""
    return Response(
        problem.content,
        problem.status,
        headers=dict(problem.headers),
        media_type=PROBLEM_JSON,
    )
