"""The open figures' contract, asked and held to: what an answer must be, as the document says it."""

from typing import Any

import jsonschema_rs

from tests.cast import Browser

ROOT = "/api/v1"


def contract(client: Browser) -> dict[str, Any]:
    """The document as it is served."""
    answer = client.get(f"{ROOT}/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.json
    return found


def schema(document: dict[str, Any], path: str, status: str = "200") -> dict[str, Any]:
    """What the document says of the JSON of a path (as the document writes it), with all that it refers to."""
    said = document["paths"][path]["get"]["responses"][status]
    if "$ref" in said:
        said = document["components"]["responses"][said["$ref"].rpartition("/")[2]]
    (content,) = said["content"].values()
    return {**content["schema"], "components": document["components"]}


def faults(document: dict[str, Any], path: str, found: object, status: str = "200") -> list[str]:
    """What is wrong with a document that was answered; nothing where the contract is kept."""
    validator = jsonschema_rs.Draft202012Validator(schema(document, path, status), validate_formats=True)
    return [f"{'/'.join(map(str, one.instance_path))}: {one.message}" for one in validator.iter_errors(found)]
