"""Create and change projects: a project is a micro-app, as the tenant that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from billing.domain.api_key import ADMIN
from billing.domain.catalog import PROJECT_ID, Project
from billing.domain.errors import FieldError, InvalidInput, NotFound
from billing.domain.text import is_clean

if TYPE_CHECKING:
    from billing.adapters.dynamo.catalog_store import CatalogStore

LONGEST_NAME = 100
MOST_ORIGINS = 50
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORTS = {"https": 443, "http": 80}


def create_project(store: CatalogStore, project: Project, *, allow_localhost: bool) -> bool:
    """Create a project; return whether it is new rather than there with the same content.

    Raises:
        InvalidInput: its id or an origin is not of the documented form.
        Conflict: it exists with other content.
    """
    errors = _errors(project, allow_localhost=allow_localhost)
    if not PROJECT_ID.fullmatch(project.id):
        errors.append(FieldError("id", "must match [a-z0-9][a-z0-9-]{1,47}"))
    if project.id == ADMIN:
        errors.append(FieldError("id", f"must not be '{ADMIN}', which names the operators' keys"))
    if errors:
        raise InvalidInput("The project cannot be created.", errors=tuple(errors))
    return store.create_project(project)


def update_project(store: CatalogStore, project: Project, *, allow_localhost: bool) -> Project:
    """Change a project's name and origins.

    Raises:
        InvalidInput: an origin is not of the documented form.
        NotFound: there is no such project.
    """
    errors = _errors(project, allow_localhost=allow_localhost)
    if errors:
        raise InvalidInput("The project cannot be changed so.", errors=tuple(errors))
    known_project(store, project.id)
    store.update_project(project)
    return project


def known_project(store: CatalogStore, project_id: str) -> Project:
    """Return a project.

    Raises:
        NotFound: there is none of that id.
    """
    project = store.project(project_id) if PROJECT_ID.fullmatch(project_id) else None
    if project is None:
        raise NotFound(f"There is no project '{project_id}'.")
    return project


def _errors(project: Project, *, allow_localhost: bool) -> list[FieldError]:
    form = "must be an origin such as https://app.example.com, in lower case and without a path"
    if allow_localhost:
        form += ", or http://localhost with a port"
    errors = [
        FieldError(f"allowed_origins[{index}]", form)
        for index, origin in enumerate(project.allowed_origins)
        if not _is_origin(origin, allow_localhost=allow_localhost)
    ]
    if not is_clean(project.name, 1, LONGEST_NAME):
        errors.append(FieldError("name", f"must be 1 to {LONGEST_NAME} characters, none control"))
    if len(project.allowed_origins) > MOST_ORIGINS:
        errors.append(FieldError("allowed_origins", f"must be at most {MOST_ORIGINS}"))
    return errors


def _is_origin(text: str, *, allow_localhost: bool) -> bool:
    """Whether the text is an origin as a browser would write it (RFC 6454, section 6.2)."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not text.isascii() or any(c in host for c in "*% _"):
        return False
    bare = f"[{host}]" if ":" in host else host
    secure = parts.scheme == "https" or (
        parts.scheme == "http" and allow_localhost and bare in _LOCAL_HOSTS
    )
    if not secure or port == _DEFAULT_PORTS[parts.scheme]:
        return False
    return text == f"{parts.scheme}://{bare}" + (f":{port}" if port is not None else "")
