"""What is taken from HubSpot's error answers, and what is not."""

import json

from sync.hubspot.errors import complaint_of

# HubSpot puts a JSON list into the message (answers recorded in amp-labs/connectors).
UNKNOWN_PROPERTY = {
    "status": "error",
    "message": "Property values were not valid: "
    + json.dumps(
        [
            {
                "isValid": False,
                "message": 'Property "phoney" does not exist',
                "error": "PROPERTY_DOESNT_EXIST",
                "name": "phoney",
                "localizedErrorMessage": 'Property "phoney" does not exist',
            }
        ]
    ),
    "correlationId": "8f8a1d21-1f5c-4c1a-a7d3-0123456789ab",
    "category": "VALIDATION_ERROR",
}


def test_codes_and_properties_are_found_in_the_list_inside_the_message() -> None:
    complaint = complaint_of(UNKNOWN_PROPERTY)
    assert complaint.codes == ("PROPERTY_DOESNT_EXIST",)
    assert complaint.properties == ("phoney",)


def test_codes_and_properties_are_found_beside_the_message() -> None:
    complaint = complaint_of(
        {"errors": [{"message": "…", "code": "INVALID_OPTION", "context": {"propertyName": ["lead_grade"]}}]}
    )
    assert (complaint.codes, complaint.properties) == (("INVALID_OPTION",), ("lead_grade",))


def test_hubspots_own_words_are_never_repeated() -> None:
    complaint = complaint_of(
        {
            "message": "jane@example.com was not valid: [broken",
            "category": "Jane Doe is wrong",
            "errors": [{"message": "jane@example.com", "code": "jane@example.com", "context": {"propertyName": "x"}}],
            "correlationId": "abc",
        }
    )
    assert str(complaint) == "no reason given; correlation id abc"


def test_an_answer_that_is_no_envelope_says_nothing() -> None:
    documents: list[dict[str, object] | None] = [None, {}, {"errors": "x"}, {"errors": [None, 5]}, {"context": []}]
    for document in documents:
        assert str(complaint_of(document)) == "no reason given"
