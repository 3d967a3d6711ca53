"""Credentials for an object store, from the usual places and from nowhere else.

Keys in the environment, web identity, container and instance roles are obstore's own. It
reads no profiles; so those of ``~/.aws`` that hold keys are read here, as the AWS command
line reads them, and those that need a login are left to boto3 where that is installed.
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archiver.errors import AccessError

#: A file of credentials is some lines.
_MAX_BYTES = 1 << 20

#: Where any of these is set the environment decides, and no file is read.
_OWN = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SKIP_SIGNATURE")
_OWN_CONTAINER = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def credentials(environ: Mapping[str, str]) -> dict[str, Any]:
    """What to give to obstore beyond what it finds in the environment.

    Raises: AccessError for a profile that is named and not there, or that only boto3 can use.
    """
    named = environ.get("AWS_PROFILE")
    if any(environ.get(name) for name in (*_OWN, *_OWN_CONTAINER)) and not named:
        return {}
    profile = named or environ.get("AWS_DEFAULT_PROFILE") or "default"
    keys = _section(_file(environ, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), profile)
    title = profile if profile == "default" else f"profile {profile}"
    rest = _section(_file(environ, "AWS_CONFIG_FILE", "config"), title)
    found = {**rest, **keys}
    region = {} if "region" not in found or environ.get("AWS_REGION") else found["region"]
    given: dict[str, Any] = {"region": region} if region else {}
    if "aws_access_key_id" in found and "aws_secret_access_key" in found:
        given["access_key_id"] = found["aws_access_key_id"]
        given["secret_access_key"] = found["aws_secret_access_key"]
        if "aws_session_token" in found:
            given["session_token"] = found["aws_session_token"]
        return given
    if not found and not named:
        return {}  # perhaps an instance has a role
    if not found:
        raise AccessError(
            f"AWS_PROFILE: there is no profile {profile!r}",
            hint="Correct it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    return given | _by_boto3(profile) if named or len(found) > len(region and {"region"}) else given


def _by_boto3(profile: str) -> dict[str, Any]:
    try:
        from boto3 import Session  # type: ignore[import-not-found,unused-ignore]
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError as problem:
        raise AccessError(
            f"the profile {profile!r} holds no keys; it needs a login that only boto3 knows",
            hint="Run `pip install boto3`, or `aws configure export-credentials --format env`.",
        ) from problem
    return {"credential_provider": Boto3CredentialProvider(Session(profile_name=profile))}


def _file(environ: Mapping[str, str], name: str, default: str) -> Path | None:
    if environ.get(name):
        return Path(environ[name])
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home, ".aws", default) if home else None


def _section(path: Path | None, name: str) -> dict[str, str]:
    """The settings of a profile; none where the file or the profile is not there, or is no such."""
    if path is None:
        return {}
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        text = path.read_text(encoding="utf-8")
        found = configparser.RawConfigParser()
        found.read_string(text)
        return dict(found[name]) if found.has_section(name) else {}
    except (OSError, ValueError, configparser.Error):
        return {}
