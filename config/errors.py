"""How configuration fails."""

EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number that is not infinite",
    "bool_type": "true or false",
    "literal_error": "{expected}",
    "greater_than": "more than {gt:,.15g}",
    "greater_than_equal": "{ge:,.15g} or more",
    "less_than_equal": "{le:,.15g} or less",
}
"""What pydantic's kinds of error ask for, in words for whoever wrote the value."""


class ConfigError(Exception):
    """Settings or a rulebook that cannot be used; the text names what is wrong and the way out."""
