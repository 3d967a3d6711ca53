"""Addresses, profiles and stretches: what needs no server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import AccessError, RemoteError, UsageError
from archiver.remote import Location, is_remote, open_store, parse_location
from archiver.remote.credentials import credentials
from archiver.remote.failing import error_of
from archiver.remote.holdings import GAP, lacking
from archiver.remote.location import split_glob


@pytest.mark.parametrize(
    ("text", "bucket", "prefix"),
    [
        ("s3://corpora", "corpora", ""),
        ("s3://corpora/", "corpora", ""),
        ("S3://corpora/a b/ä/", "corpora", "a b/ä"),
    ],
)
def test_addresses(text, bucket, prefix):
    assert is_remote(text)
    assert parse_location(text) == Location(bucket, prefix)


@pytest.mark.parametrize(
    "text", ["s3://", "s3:///x", "s3://a", "s3://k:secret@bucket/x", "s3://bucket/a//b",
             "s3://bucket/../x", "s3://bucket/a\nb", "gs://bucket/x"],
)  # fmt: skip
def test_what_is_no_address(text):
    with pytest.raises(UsageError) as told:
        parse_location(text)
    assert "secret" not in told.value.message


def test_a_glob_begins_after_a_slash():
    assert split_glob("s3://b/a/x*/y") == ("s3://b/a/", "x*/y")
    assert split_glob("s3://b/a") == ("s3://b/a", None)


def test_profiles(tmp_path):
    keys = tmp_path / "credentials"
    keys.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = B\n", "utf-8")
    config = tmp_path / "config"
    config.write_text(
        "[default]\nregion = eu-central-1\n[profile sso]\nsso_session = x\n"
        "[profile other]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token=E\n",
        "utf-8",
    )
    environ = {"AWS_SHARED_CREDENTIALS_FILE": str(keys), "AWS_CONFIG_FILE": str(config)}
    found = {"access_key_id": "A", "secret_access_key": "B", "region": "eu-central-1"}
    assert credentials(environ) == found
    assert credentials(environ | {"AWS_ACCESS_KEY_ID": "X"}) == {}
    other = credentials(environ | {"AWS_PROFILE": "other"})
    assert other == {"access_key_id": "C", "secret_access_key": "D", "session_token": "E"}
    with pytest.raises(AccessError, match="no profile 'none'"):
        credentials(environ | {"AWS_PROFILE": "none"})
    with pytest.raises(AccessError, match="boto3"):
        credentials(environ | {"AWS_PROFILE": "sso"})


def test_a_file_of_profiles_may_hold_anything(tmp_path):
    path = tmp_path / "credentials"
    for data in (b"\xff\xfe", b"no section", b"[default\nx", b""):
        path.write_bytes(data)
        none = {"AWS_SHARED_CREDENTIALS_FILE": str(path), "AWS_CONFIG_FILE": str(path)}
        assert credentials(none) == {}


def test_plain_http_is_asked_for(tmp_path):
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x"}
    with pytest.raises(RemoteError, match="plain http"):
        open_store(Location("bucket", ""), environ)
    assert open_store(Location("bucket", ""), environ | {"AWS_ALLOW_HTTP": "true"})


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("<Code>NoSuchBucket</Code>", "no-bucket"),
        ("<Code>SignatureDoesNotMatch</Code> X-Amz-Signature=abc", "remote-access"),
        ("status code: 403 Forbidden", "remote-access"),
        ("error sending request to 169.254.169.254", "remote-access"),
        ("<Code>SlowDown</Code>", "remote"),
        ("HTTP error: error sending request", "remote"),
    ],
)
def test_answers_have_codes_and_tell_no_secrets(words, code):
    found = error_of("s3://bucket", words)
    assert (found.code, found.exit_status) == (code, 7)
    assert "Signature=" not in found.message


@given(
    st.lists(st.tuples(st.integers(-5, 4 * GAP), st.integers(-5, 4 * GAP)), max_size=6),
    st.lists(st.tuples(st.integers(-5, 4 * GAP), st.integers(-5, 4 * GAP)), max_size=6),
    st.integers(0, 3 * GAP),
)
def test_what_is_brought_covers_what_is_wanted(have, wanted, size):
    have = [(max(a, 0), min(b, size)) for a, b in have if max(a, 0) < min(b, size)]
    brought = lacking(have, wanted, size)
    assert all(0 <= start < end <= size for start, end in brought)
    for start, end in wanted:
        first, last = max(start, 0), min(end, size)
        if first < last:
            assert any(a <= first and last <= b for a, b in [*have, *brought])
