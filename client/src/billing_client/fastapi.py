"""For FastAPI: a dependency that keeps out who may not, and the receiver's endpoint.

install(app, receiver, path="/billing/events")

@app.get("/export", dependencies=[Depends(require(billing, "export", user=current_user))])
def export() -> ...
"""

# Annotations are evaluated at once here: FastAPI reads those of `gate`, whose `user` is no global.

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response

from billing_client.aio import AsyncBilling
from billing_client.gate import Problem, Refusal, refusal
from billing_client.model import Decision
from billing_client.receiver import Receiver
from billing_client.starlette import answer, endpoint
from billing_client.sync import Billing


class Refused(HTTPException):
    """The request is refused; `install` has it answered as problem+json."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.status, dict(problem.body), headers=dict(problem.headers))
        self.problem = problem


def install(app: FastAPI, receiver: Receiver | None = None, *, path: str | None = None) -> None:
    """Have refusals answered as problem+json, and pushes taken at a path.

    Raises:
        ValueError: of receiver and path only one is given.
    """
    if (receiver is None) != (path is None):
        raise ValueError("a receiver and its path belong together")
    app.add_exception_handler(Refused, _render)
    if receiver is not None and path is not None:
        app.add_route(path, endpoint(receiver), methods=["POST"], include_in_schema=False)


def require(
    billing: Billing | AsyncBilling,
    feature_code: str,
    *,
    user: Callable[..., Any],
    status: Refusal = 402,
) -> Callable[..., Decision | Awaitable[Decision]]:
    """Build a dependency that lets a request go on where the user may use a feature.

    Args:
        billing: the client; with a `Billing` it runs in a thread.
        feature_code: what is asked for.
        user: a dependency that returns the user's id, or `None` for nobody.
        status: of the refusal.

    Returns:
        The dependency, whose value is the `Decision`.
    """
    if isinstance(billing, AsyncBilling):

        async def gate_async(user_id: Annotated[str | None, Depends(user)]) -> Decision:
            found = None if user_id is None else await billing.check(user_id, feature_code)
            return _passed(user_id, found, feature_code, status)

        return gate_async

    def gate(user_id: Annotated[str | None, Depends(user)]) -> Decision:
        found = None if user_id is None else billing.check(user_id, feature_code)
        return _passed(user_id, found, feature_code, status)

    return gate


def _passed(
    user_id: str | None, decision: Decision | None, feature_code: str, status: Refusal
) -> Decision:
    problem = refusal(user_id, decision, feature_code, status)
    if problem:
        raise Refused(problem)
    if decision is None:
        raise AssertionError("nobody is refused")
    return decision


def _render(_request: Request, refused: Exception) -> Response:
    if not isinstance(refused, Refused):
        raise refused
    return answer(refused.problem)
