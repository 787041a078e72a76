"""How configuration fails."""


class ConfigError(Exception):
    """Settings or a rulebook that cannot be used; the text names what is wrong and the way out."""
