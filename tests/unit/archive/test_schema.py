import base64
import json
from pathlib import Path

import archive_support as support
import jsonschema
import pytest

from archiver.archive.rows.columns import DOCUMENTS, MEANINGS, QUARANTINE, TABLES
from archiver.archive.rows.records import quarantine_from_rows, records_from_rows
from archiver.archive.rows.schema import arrow_schema_json, json_schema, write_schemas

SCHEMAS = Path(__file__).parents[3] / "schemas"


def test_the_schemas_folder_is_what_the_code_says(tmp_path):
    written = write_schemas(tmp_path)
    assert len(written) == 4
    for path in written:
        assert (SCHEMAS / path.name).read_bytes() == path.read_bytes(), path.name


def as_json(row):
    plain = dict(row)
    for name, value in row.items():
        if isinstance(value, bytes):
            plain[name] = base64.b64encode(value).decode()
        elif hasattr(value, "isoformat"):
            plain[name] = value.isoformat()
        elif name in ("facts", "metadata"):
            plain[name] = dict(value)
    return json.loads(json.dumps(plain))


ROWS = {
    "documents": records_from_rows([support.document("a", cut="ad\n")]).to_pylist()[0],
    "quarantine": quarantine_from_rows([support.rejected("x")]).to_pylist()[0],
}


@pytest.mark.parametrize("table", TABLES)
def test_rows_fit_the_json_schema(table):
    schema = json_schema(table)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(as_json(ROWS[table]), schema)


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("documents", {"text": None}),
        ("documents", {"newline": "vt"}),
        ("documents", {"raw_sha256": "x"}),
        ("documents", {"surplus": 1}),
        ("quarantine", {"chunk": "0"}),
    ],
)
def test_other_rows_do_not(table, changes):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_json(ROWS[table]) | changes, json_schema(table))


@pytest.mark.parametrize(
    ("table", "schema"), [("documents", DOCUMENTS), ("quarantine", QUARANTINE)]
)
def test_the_arrow_form_lists_every_column(table, schema):
    columns = arrow_schema_json(table)["columns"]
    assert [(item["name"], item["type"]) for item in columns] == [
        (field.name, str(field.type)) for field in schema
    ]
    assert all(item["description"] == MEANINGS[item["name"]] for item in columns)
