"""For Flask: a decorator that keeps out who may not, and the receiver's view.

app.add_url_rule("/billing/events", view_func=receiver_view(receiver), methods=["POST"])

@app.get("/export")
@require(billing, "export", user=lambda: session.get("user_id"))
def export(): ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from billing_client.gate import PROBLEM_JSON, Problem, Refusal, received, refusal
from billing_client.receiver import Receiver
from billing_client.sync import Billing

View = Callable[..., Any]


def require(
    billing: Billing,
    feature_code: str,
    *,
    user: Callable[[], str | None],
    status: Refusal = 402,
) -> Callable[[View], View]:
    """Let a request go on where the user may use a feature.

    Args:
        billing: the client.
        feature_code: what is asked for.
        user: returns the id of the request's user, or `None` for nobody.
        status: of the refusal.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the view takes
            user_id = user()
            decision = None if user_id is None else billing.check(user_id, feature_code)
            problem = refusal(user_id, decision, feature_code, status)
            return answer(problem) if problem else view(*args, **kwargs)

        return gated

    return decorate


def receiver_view(receiver: Receiver) -> Callable[[], Response]:
    """Build the view to which the service pushes; it takes POST."""

    def receive_push() -> Response:
        problem = received(receiver, dict(request.headers), request.get_data())
        return answer(problem) if problem else Response(status=204)

    return receive_push


def answer(problem: Problem) -> Response:
    """Answer with a problem."""
    return Response(
        problem.content, problem.status, dict(problem.headers), content_type=PROBLEM_JSON
    )
