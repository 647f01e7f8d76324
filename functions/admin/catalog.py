"""Catalogs: /api/v1/admin/projects/{project_id}/catalog."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from billing.adapters.stripe.gateway import gateway
from billing.composition import now
from billing.domain.errors import InvalidInput
from billing.http import answer, query, read_body
from billing.presentation import shown
from billing.services.manage_catalog import put_catalog, read_catalog
from billing.stores import catalog_store
from functions.admin.admission import operator_of, operators_router
from functions.admin.catalog_document import CatalogDocument, document_of

LARGEST_DOCUMENT = 256 * 1024
"""Bytes; a DynamoDB item takes 400 KB."""

router = operators_router()


@router.get("/api/v1/admin/projects/<project_id>/catalog")
def get(project_id: str) -> Response[str]:
    """Show what a project sells, as a document that can be put again."""
    catalog = read_catalog(catalog_store(), project_id)
    return answer(document_of(catalog), etag=f'"{catalog.version}"')


@router.put("/api/v1/admin/projects/<project_id>/catalog")
def put(project_id: str) -> Response[str]:
    """Put a project's whole catalog, or say what that would change."""
    event = router.current_event.raw_event
    dry_run = query(event, "dry_run").get("dry_run", "false")
    if dry_run not in {"true", "false"}:
        raise InvalidInput.field("dry_run", "must be true or false")
    body = read_body(event, CatalogDocument, LARGEST_DOCUMENT)
    if body.project_id not in {None, project_id}:
        raise InvalidInput.field("project_id", "is another than the URL's")
    put = put_catalog(
        catalog_store(),
        gateway,
        body.to_catalog(project_id),
        by=operator_of(router).name,
        now=now(),
        expected_version=body.version,
        dry_run=dry_run == "true",
    )
    return answer(
        {
            "version": put.catalog.version,
            "dry_run": dry_run == "true",
            "changes": shown(put.changes),
            "catalog": document_of(put.catalog),
        }
    )
