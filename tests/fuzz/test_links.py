"""What an answer names is asked for next: chains of requests along the description's links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from tests.fuzz.conftest import Target
from tests.fuzz.fuzzing import CHECKS, headers_of, is_positive, name_what_is_known, schema

CHAINS = settings(
    max_examples=12,
    stateful_step_count=8,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def follow_links(target: Target, how: settings, number: int = 1) -> None:
    """Let an operator follow links from answer to answer; a seed counts where all is random."""

    class Operator(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def step(self, input: StepInput) -> StepOutput:  # noqa: A002 - schemathesis' name
            case = input.case
            if input.transition is None and is_positive(case):
                for part in (case.path_parameters, case.query, case.body):
                    name_what_is_known(part, target.known)
            target.cases += 1
            made: StepOutput = super().step(input)
            return made

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return {"app": target.gateway, "headers": headers_of(case, target, "operator")}

        def validate_response(self, response: Response, case: Case[Any], **_: Any) -> None:
            case.validate_response(response, CHECKS, recorder=self.recorder)

    run_state_machine_as_test(seed(number)(Operator), settings=how)


def test_linked_requests_are_answered_as_described(
    target: Target, record_property: Callable[[str, object], None]
) -> None:
    follow_links(target, CHAINS)
    target.tell(record_property)
