"""The description of the HTTP API (OpenAPI 3.1), from the code; `make openapi` writes it.

What the code says already is taken from it: requests from their wire schemas, facts in answers
from the domain's dataclasses, errors from their classes, summaries from the routes' docstrings,
examples from `events/api`. The rest is declared once here: `answers_*` and `routes_*`.
"""
