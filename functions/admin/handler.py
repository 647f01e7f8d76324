"""/api/v1/admin/*: what operators do. Every route needs an operator's key."""

from __future__ import annotations

from billing.http import create_app, lambda_handler_for
from functions.admin import (
    accounts,
    catalog,
    deliveries,
    endpoints,
    events,
    explain,
    grants,
    imports,
    keys,
    lookup,
    projects,
    runs,
    timeline,
)
from functions.admin.admission import admit_operators

app = create_app()
app.use(middlewares=[admit_operators])
NOUNS = (
    *(projects, keys, endpoints, deliveries, catalog, grants, accounts, explain),
    *(events, imports, lookup, runs, timeline),
)
for noun in NOUNS:
    app.include_router(noun.router)

lambda_handler = lambda_handler_for(app)
