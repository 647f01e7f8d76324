"""An operator's credentials, for code that reads what Lambda gives a function.

The stores sign with the variables that Lambda sets, and know no profiles, no single sign-on and no
files. A command that uses them asks boto3, which knows all these, and sets the variables.
"""

from __future__ import annotations

from collections.abc import MutableMapping

import boto3
from botocore.exceptions import NoCredentialsError, NoRegionError


def use_operators(environ: MutableMapping[str, str]) -> None:
    """Set what Lambda sets: the region, and credentials as they are this moment.

    Raises:
        NoCredentialsError: boto3 finds none.
        NoRegionError: nor a region.
    """
    session = boto3.Session()
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    if not session.region_name:
        raise NoRegionError
    frozen = credentials.get_frozen_credentials()
    environ["AWS_REGION"] = session.region_name
    environ["AWS_ACCESS_KEY_ID"] = frozen.access_key or ""
    environ["AWS_SECRET_ACCESS_KEY"] = frozen.secret_key or ""
    environ["AWS_SESSION_TOKEN"] = frozen.token or ""
