"""The template against the code and against the promises that only a template can keep."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from billing.adapters.outbound import BUDGET
from billing.domain.delivery import ATTEMPTS
from billing.domain.endpoint import SHARE
from billing.settings import Settings
from tests.support import template
from tests.support.template import ROOT, Function

FUNCTIONS = template.functions()
EACH_FUNCTION = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.logical_id)

LIBRARY_VARIABLES = re.compile(r"POWERTOOLS_\w+|PYDANTIC_\w+")
WITHOUT_RESOURCES = {"cloudwatch:GetMetricData", "cloudwatch:ListMetrics"}
"""Actions that IAM grants on `*` or not at all: metrics have no ARN, and no condition fits."""

OWN_SCHEDULES = ":schedule/default/${AWS::StackName}-*"
HTTP_API_LIMIT = 30
LAMBDA_READS_SIX_TIMES = 6
SECONDS_A_STREAM_KEEPS = 86_400
UNCHECKED_HASH = b"\x01\x00\x00\x00"
"""The flags of a .pyc that is taken as it is: PEP 552."""

ACCOUNTS_STREAM = {
    "Fn::If": [
        "OwnsTables",
        {"Fn::GetAtt": "AccountsTable.StreamArn"},
        {"Ref": "AccountsStreamArn"},
    ]
}


def replicas(table: str) -> list[dict[str, Any]]:
    """What is said of a table in this region and in the other; nothing of one that has no other."""
    here, there = template.all_tables()[table]["Properties"].get("Replicas", [{}, None])
    return [here, there["Fn::If"][1]] if there else []


@EACH_FUNCTION
def test_a_handler_can_be_imported(function: Function) -> None:
    module, _, name = function.handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


@EACH_FUNCTION
def test_a_handler_lies_in_the_folder_that_is_deployed_for_it(function: Function) -> None:
    package = function.code_uri.replace("/", ".")
    assert function.handler.startswith(f"{package}.")
    assert function.metadata["BuildProperties"] == {
        "ParentPackageMode": "explicit",
        "ParentPackages": package,
    }


def test_every_folder_of_functions_is_deployed() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/*.py")}
    assert {Path(function.code_uri).name for function in FUNCTIONS} == folders


@EACH_FUNCTION
def test_a_variable_that_is_set_is_a_setting(function: Function) -> None:
    settings = {field.name.upper() for field in fields(Settings)}
    given = {name for name in function.environment if not LIBRARY_VARIABLES.fullmatch(name)}
    assert given <= settings


def test_every_setting_is_set_for_some_function() -> None:
    given = {name for function in FUNCTIONS for name in function.environment}
    assert {field.name.upper() for field in fields(Settings)} <= given


def test_no_route_has_two_functions() -> None:
    routes = [route for function in FUNCTIONS for route in function.routes]
    assert len(routes) == len(set(routes))
    assert "$default" in routes


@EACH_FUNCTION
def test_no_permission_has_a_wildcard(function: Function) -> None:
    """But for schedules, which are named as they come: it ends names that begin as the stack's."""
    for statement in function.statements:
        if set(statement.actions) <= WITHOUT_RESOURCES:
            continue
        named = [text.removesuffix(OWN_SCHEDULES) for text in statement.resources]
        assert not [text for text in (*statement.actions, *named) if "*" in text]


@EACH_FUNCTION
def test_a_function_has_a_role_of_its_own_and_no_managed_policy(function: Function) -> None:
    assert "Role" not in function.properties
    assert all(isinstance(policy, dict) for policy in function.properties["Policies"])


@EACH_FUNCTION
def test_history_is_appended_to_and_read_and_never_changed(function: Function) -> None:
    allowed = {"dynamodb:DescribeTable", "dynamodb:PutItem", "dynamodb:Query"}
    for statement in function.statements:
        if any(resource.startswith("HistoryTable") for resource in statement.resources):
            assert set(statement.actions) <= allowed


def test_the_hot_path_only_reads_and_has_one_secret_which_signs() -> None:
    (entitlements,) = [each for each in FUNCTIONS if each.logical_id == "EntitlementsFunction"]
    actions = {action for statement in entitlements.statements for action in statement.actions}
    assert actions == {"dynamodb:BatchGetItem", "dynamodb:GetItem"}
    secret = {"SecretArn": {"Fn::GetAtt": "AccessTokenKeysSecret.Id"}}
    assert entitlements.policy_templates == {"AWSSecretsManagerGetSecretValuePolicy": secret}


@EACH_FUNCTION
def test_a_function_behind_the_api_answers_before_the_api_gives_up(function: Function) -> None:
    is_background = function.logical_id == "ReconciliationFunction"  # its routes only start a run
    if function.routes and not is_background:
        assert function.timeout < HTTP_API_LIMIT


@EACH_FUNCTION
def test_a_function_logs_where_logs_are_kept_for_a_while(function: Function) -> None:
    group = template.resources("AWS::Logs::LogGroup")[
        function.properties["LoggingConfig"]["LogGroup"]["Ref"]
    ]
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    name = group["Properties"]["LogGroupName"]["Fn::Sub"]
    assert name == f"/aws/lambda/{function.properties['FunctionName']['Fn::Sub']}"


@pytest.mark.parametrize("table", template.all_tables())
def test_a_table_is_on_demand_encrypted_recoverable_and_protected(table: str) -> None:
    properties = template.all_tables()[table]["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    for part in replicas(table) or [properties]:
        assert part["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert part["DeletionProtectionEnabled"] == {"Fn::If": ["IsProtected", True, False]}


@pytest.mark.parametrize("table", template.resources(template.REPLICATED))
def test_a_replicated_table_is_of_one_stack_and_can_have_its_replica_at_any_time(
    table: str,
) -> None:
    """What replication needs is there from the first: streams, above all."""
    resource = template.all_tables()[table]
    here, there = replicas(table)
    assert resource["Condition"] == "OwnsTables"
    assert resource["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert here["Region"] == {"Ref": "AWS::Region"}
    assert there == {**here, "Region": {"Ref": "ReplicaRegion"}}


def test_what_is_made_anew_of_the_others_is_not_replicated() -> None:
    assert list(template.resources("AWS::DynamoDB::Table")) == ["MetricsTable"]


@EACH_FUNCTION
def test_a_region_that_stands_by_takes_nothing_off_queues_and_streams(function: Function) -> None:
    for event in function.properties.get("Events", {}).values():
        properties = event["Properties"]
        if event["Type"] == "ScheduleV2":
            assert properties["State"] == {"Fn::If": ["IsActive", "ENABLED", "DISABLED"]}
        elif event["Type"] != "HttpApi":
            assert properties["Enabled"] == {"Fn::If": ["IsActive", True, False]}


def test_every_table_can_be_created_and_is_named_to_the_code() -> None:
    assert set(template.tables().values()) == set(template.all_tables())
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        for variable, logical_id in template.tables().items():
            created = client.create_table(**template.create_table_arguments(logical_id, variable))
            assert created["TableDescription"]["TableStatus"] == "ACTIVE"


def test_the_queue_keeps_order_per_group_and_gives_up_after_five_receives() -> None:
    queues = template.resources("AWS::SQS::Queue")
    queue = queues["EventsQueue"]["Properties"]
    dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"].split(".")[0]
    assert queue["FifoQueue"] is True
    assert queues[dead_letters]["Properties"]["FifoQueue"] is True
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    assert queue["ContentBasedDeduplication"] is False
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


def test_a_message_stays_hidden_while_it_may_still_be_worked_on() -> None:
    (process,) = [each for each in FUNCTIONS if each.logical_id == "WebhookProcessFunction"]
    queue = template.resources("AWS::SQS::Queue")["EventsQueue"]["Properties"]
    assert queue["VisibilityTimeout"] >= LAMBDA_READS_SIX_TIMES * process.timeout
    assert process.properties["Events"]["Queue"]["Properties"]["FunctionResponseTypes"] == [
        "ReportBatchItemFailures"
    ]


@pytest.mark.parametrize(
    ("function", "queue"),
    [
        ("NotificationPublishFunction", "BoundariesQueue"),
        ("NotificationDeliverFunction", "DeliveriesQueue"),
    ],
)
def test_a_notification_stays_hidden_while_it_may_still_be_worked_on(
    function: str, queue: str
) -> None:
    (consumer,) = [each for each in FUNCTIONS if each.logical_id == function]
    properties = template.resources("AWS::SQS::Queue")[queue]["Properties"]
    assert properties["VisibilityTimeout"] >= LAMBDA_READS_SIX_TIMES * consumer.timeout
    sources = [
        event["Properties"]
        for event in consumer.properties["Events"].values()
        if event["Type"] == "SQS"
    ]
    (source,) = sources
    assert source["Queue"] == {"Fn::GetAtt": f"{queue}.Arn"}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_delivery_is_tried_as_often_as_the_code_counts() -> None:
    queue = template.resources("AWS::SQS::Queue")["DeliveriesQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == ATTEMPTS
    assert queue["FifoQueue"] is True
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"


def test_one_attempt_fits_into_its_function() -> None:
    (deliver,) = [each for each in FUNCTIONS if each.logical_id == "NotificationDeliverFunction"]
    source = deliver.properties["Events"]["Queue"]["Properties"]
    assert source["BatchSize"] == 1
    # Where a window of the count ends, twice an endpoint's share may go on.
    assert source["ScalingConfig"]["MaximumConcurrency"] >= 4 * SHARE
    assert deliver.timeout >= 3 * BUDGET


def test_the_stream_is_read_in_order_and_gives_up_where_it_can_be_seen() -> None:
    (publish,) = [each for each in FUNCTIONS if each.logical_id == "NotificationPublishFunction"]
    stream = publish.properties["Events"]["Changes"]["Properties"]
    assert stream["Stream"] == ACCOUNTS_STREAM
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["MaximumRecordAgeInSeconds"] < SECONDS_A_STREAM_KEEPS
    assert stream["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": "ChangesDeadLetterQueue.Arn"
    }
    (pattern,) = stream["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"])["dynamodb"] == {"Keys": {"sk": {"S": ["access"]}}}


def test_signing_secrets_are_read_by_those_who_manage_and_send_alone() -> None:
    readers = {
        function.logical_id
        for function in FUNCTIONS
        for statement in function.statements
        if "NotificationsTable.Arn" in statement.resources
        and set(statement.actions) != {"dynamodb:DescribeTable"}
    }
    assert readers == {
        "AdminFunction",
        "NotificationPublishFunction",
        "NotificationDeliverFunction",
    }


def test_every_dead_letter_queue_raises_an_alarm() -> None:
    alarms = template.resources("AWS::CloudWatch::Alarm").values()
    watched = {
        alarm["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in alarms
        if alarm["Properties"].get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    queues = [name for name in template.resources("AWS::SQS::Queue") if "DeadLetter" in name]
    assert watched == set(queues)


def test_secrets_are_deployed_empty() -> None:
    secrets = template.resources("AWS::SecretsManager::Secret").values()
    assert {secret["Properties"]["SecretString"] for secret in secrets} == {"{}"}


@pytest.mark.parametrize("layer", template.resources("AWS::Serverless::LayerVersion"))
def test_a_layer_is_built_by_a_makefile_that_has_its_target(layer: str) -> None:
    resource = template.resources("AWS::Serverless::LayerVersion")[layer]
    assert resource["Metadata"] == {"BuildMethod": "makefile"}
    makefile = ROOT / resource["Properties"]["ContentUri"] / "Makefile"
    assert f"\nbuild-{layer}:" in makefile.read_text()


def test_the_layer_of_our_code_ships_bytecode_that_is_used_as_it_is(tmp_path: Path) -> None:
    command = ["make", "build-BillingLayer", f"ARTIFACTS_DIR={tmp_path}"]
    folder = ROOT / "layers" / "billing"
    built = [*command, f"LAYER_PYTHON={sys.executable}"]
    subprocess.run(built, cwd=folder, check=True, capture_output=True)  # noqa: S603 - our own Makefile
    sources = list((tmp_path / "python").rglob("*.py"))
    assert sources
    for source in sources:
        cached = importlib.util.cache_from_source(str(source))
        assert Path(cached).read_bytes()[4:8] == UNCHECKED_HASH
