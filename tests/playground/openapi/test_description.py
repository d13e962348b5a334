"""Where an answer differs from how it is described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playground.openapi.__main__ import main
from playground.openapi.description import Description
from playground.openapi.tour import tour

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": ["string", "null"]},
        "kind": {"enum": [1, 2]},
        "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
        "owner": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Pet"}]},
    },
}
CAT = {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"lives": {"type": "integer"}}}]}
ANSWER = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
PETS = Description(
    {
        "paths": {"/pets/{pet_id}": {"get": {"responses": {"200": ANSWER, "204": {}, "4XX": ANSWER}}}},
        "components": {"schemas": {"Pet": PET, "Cat": CAT}},
    }
)
TOM = {"id": "1", "name": "Tom"}


@pytest.mark.parametrize(
    ("pet", "differences"),
    [
        (TOM, []),
        ({**TOM, "name": None, "kind": 2, "friends": [TOM], "owner": TOM}, []),
        ({"id": "1"}, [".name is missing"]),
        ({**TOM, "id": 1}, [".id is int, not string"]),
        ({**TOM, "id": True}, [".id is bool, not string"]),
        ({**TOM, "age": 3}, [".age is not described"]),
        ({**TOM, "kind": 3}, [".kind is 3, not one of [1, 2]"]),
        ({**TOM, "friends": [TOM, {"id": "2"}]}, [".friends[].name is missing"]),
        ({**TOM, "owner": {"id": "2"}}, [".owner.name is missing"]),
        ([TOM], ["the answer is list, not object"]),
    ],
)
def test_each_kind_of_difference_is_named_by_its_place(pet: Any, differences: list[str]):
    """Types, values, missing fields, fields that nobody described; of several descriptions the nearest counts."""
    schema = PETS.answer("GET", "/pets/{id}", 200)
    assert schema
    assert list(PETS.differences(pet, schema)) == differences


def test_what_is_added_to_a_description_counts_with_it():
    """`allOf` makes one description of several."""
    assert list(PETS.differences({**TOM, "lives": 9}, CAT)) == []
    assert list(PETS.differences({"id": "1", "lives": "9"}, CAT)) == [
        ".name is missing",
        ".lives is str, not integer",
    ]


def test_an_answer_is_found_by_its_status():
    """Or by its class; one without a body has an empty description, one that is unknown has none."""
    assert PETS.answer("GET", "/pets/{id}", 404) == {"$ref": "#/components/schemas/Pet"}
    assert PETS.answer("GET", "/pets/{id}", 204) == {}
    assert PETS.answer("GET", "/pets/{id}", 500) is None
    assert PETS.answer("POST", "/pets/{id}", 200) is None
    assert PETS.answer("GET", "/cats", 200) is None


async def test_the_tour_visits_every_route():
    """With the answers it means to get."""
    answers, left_out = await tour()
    assert left_out == []
    assert not [answer for answer in answers if answer.route.startswith("?")]
    assert {answer.status for answer in answers} == {200, 201, 204, 400, 404}


def test_the_script_lists_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """And its exit code tells that something does."""
    file = tmp_path / "openapi.json"
    gateway = {"content": {"application/json": {"schema": {"required": ["uri"], "properties": {}}}}}
    file.write_text(json.dumps({"paths": {"/gateway": {"get": {"responses": {"200": gateway}}}}}))
    assert main([str(file)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "GET /gateway 200: .uri is missing" in lines
    assert "GET /users/@me 200: not described" in lines
