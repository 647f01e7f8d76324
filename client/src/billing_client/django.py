"""For Django: a decorator that keeps out who may not, and the receiver's view.

urlpatterns = [path("billing/events", receiver_view(receiver))]

@require(billing, "export", user=lambda request: request.user.get_username() or None)
def export(request): ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing_client.aio import AsyncBilling
from billing_client.gate import PROBLEM_JSON, Problem, Refusal, received, refusal
from billing_client.receiver import Receiver
from billing_client.sync import Billing

View = Callable[..., HttpResponseBase | Awaitable[HttpResponseBase]]
UserOf = Callable[[HttpRequest], str | None]


def require(
    billing: Billing | AsyncBilling, feature_code: str, *, user: UserOf, status: Refusal = 402
) -> Callable[[View], View]:
    """Let a request go on where the user may use a feature.

    Args:
        billing: the client: an `AsyncBilling` for views that are coroutines, else a `Billing`.
        feature_code: what is asked for.
        user: returns the id of a request's user, or `None` for nobody.
        status: of the refusal.

    Raises:
        TypeError: client and view are not of one kind.
    """

    def decorate(view: View) -> View:
        if isinstance(billing, AsyncBilling) != iscoroutinefunction(view):
            raise TypeError("a coroutine needs an AsyncBilling, any other view a Billing")
        if isinstance(billing, AsyncBilling):
            return _gated_async(view, billing, feature_code, user, status)
        return _gated(view, billing, feature_code, user, status)

    return decorate


def _gated(view: View, billing: Billing, feature_code: str, user: UserOf, status: Refusal) -> View:
    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the view's
        user_id = user(request)
        decision = None if user_id is None else billing.check(user_id, feature_code)
        problem = refusal(user_id, decision, feature_code, status)
        return answer(problem) if problem else view(request, *args, **kwargs)

    return gated


def _gated_async(
    view: Callable[..., Any],
    billing: AsyncBilling,
    feature_code: str,
    user: UserOf,
    status: Refusal,
) -> View:
    @wraps(view)
    async def gated(
        request: HttpRequest,
        *args: Any,  # noqa: ANN401 - the view's
        **kwargs: Any,  # noqa: ANN401 - the view's
    ) -> HttpResponseBase:
        user_id = user(request)
        decision = None if user_id is None else await billing.check(user_id, feature_code)
        problem = refusal(user_id, decision, feature_code, status)
        return answer(problem) if problem else await view(request, *args, **kwargs)

    return gated


def receiver_view(receiver: Receiver) -> Callable[[HttpRequest], HttpResponseBase]:
    """Build the view to which the service pushes; it takes POST, and no CSRF token."""

    @csrf_exempt
    @require_POST
    def receive_push(request: HttpRequest) -> HttpResponse:
        problem = received(receiver, dict(request.headers), request.body)
        return answer(problem) if problem else HttpResponse(status=204)

    return receive_push


def answer(problem: Problem) -> HttpResponse:
    """Answer with a problem."""
    return HttpResponse(
        problem.content,
        content_type=PROBLEM_JSON,
        status=problem.status,
        headers=dict(problem.headers),
    )
