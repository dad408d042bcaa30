"""The JSON Schema of a draft, generated from its shape: `python -m agent.draft_schema` writes it anew."""

import json
from pathlib import Path

from agent.files import write_atomic
from agent.schemas import DRAFT_SCHEMA, Draft

PATH = Path(__file__).with_name("draft.schema.json")


def text() -> str:
    """The schema as it stands in the file."""
    schema = Draft.model_json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{DRAFT_SCHEMA.replace('/', ':')}"}
    return json.dumps(head | schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    write_atomic(PATH, text().encode())
