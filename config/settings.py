"""Secrets and knobs from the environment and `.env`, typed; the real environment wins."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import EXPECTED, ConfigError

ENV_FILE = ".env"

DAY_S = 86_400

Share = Annotated[float, Field(ge=0, le=1)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _env(name: str, meaning: str, **more: Any) -> Any:
    return Field(validation_alias=name, description=meaning, **more)


class Settings(BaseSettings):
    """Everything that differs between deployments. Times in seconds (`_s`) or days (`_days`), shares from 0 to 1."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    access_token: SecretStr | None = _env(
        "HUBSPOT_ACCESS_TOKEN", "token of the portal: a service key or a private app's token", default=None
    )
    portal_id: str | None = _env(
        "SCORELINE_PORTAL_ID",
        "id of the portal (account) that the token must belong to; with a token of another one nothing is done",
        default=None,
    )
    base_url: str = _env("HUBSPOT_BASE_URL", "where the HubSpot API answers", default="https://api.hubapi.com")
    database_url: str = _env(
        "DATABASE_URL",
        "the worker's own state: sqlite:///… or postgresql://…",
        default="sqlite:///scoreline.db",
        repr=False,  # may hold a password
    )
    rulebook: Path | None = _env(
        "SCORELINE_RULEBOOK", "path of the rulebook; or `default`, `classic`: the packaged ones", default=None
    )
    lease_wait_s: float = _env(
        "SCORELINE_LEASE_WAIT_S", "how long a second run waits for the first", default=300, ge=0, le=DAY_S
    )
    lookback_s: float = _env(
        "SCORELINE_LOOKBACK_S",
        "how far before the watermark changes are looked for again",
        default=3600,
        ge=0,
        le=31 * DAY_S,
    )
    move_limit: Share = _env(
        "SCORELINE_MOVE_LIMIT", "a plan that moves more than this share of all leads is refused", default=0.05
    )
    first_move_limit: Share = _env("SCORELINE_FIRST_MOVE_LIMIT", "the same for the first run on a portal", default=0.30)
    move_floor: int = _env(
        "SCORELINE_MOVE_FLOOR", "a plan that moves no more leads than this is never refused", default=50, ge=0
    )
    daily_reserve: Share = _env(
        "SCORELINE_DAILY_RESERVE", "share of the portal's daily requests left to its other integrations", default=0.2
    )
    daily_writes_max: int | None = _env(
        "SCORELINE_DAILY_WRITES_MAX",
        "contacts and companies written a day at most, in the portal's time zone",
        default=None,
        ge=1,
    )
    connect_timeout_s: float = _env("SCORELINE_CONNECT_TIMEOUT_S", "to reach HubSpot", default=5, gt=0, le=600)
    read_timeout_s: float = _env("SCORELINE_READ_TIMEOUT_S", "for HubSpot to answer", default=60, gt=0, le=600)
    tries: int = _env("SCORELINE_TRIES", "how often a request that may be repeated is sent", default=6, ge=1, le=20)
    requests_at_once: int = _env(
        "SCORELINE_REQUESTS_AT_ONCE", "requests to HubSpot under way at the same time at most", default=8, ge=1, le=50
    )
    incremental_every_s: int = _env(
        "SCORELINE_INCREMENTAL_EVERY_S",
        "pause between incremental passes of the worker",
        default=300,
        ge=1,
        le=7 * DAY_S,
    )
    decay_at: TimeOfDay = _env(
        "SCORELINE_DECAY_AT", "time of the daily decay pass, in the portal's time zone", default="01:30"
    )
    full_on: Weekday = _env("SCORELINE_FULL_ON", "day of the weekly full pass", default="sun")
    full_at: TimeOfDay = _env(
        "SCORELINE_FULL_AT", "time of the weekly full pass, in the portal's time zone", default="02:30"
    )
    keep_runs_days: int = _env(
        "SCORELINE_KEEP_RUNS_DAYS", "how long runs and plans are kept", default=90, ge=1, le=3650
    )
    log_format: Literal["auto", "console", "json"] = _env(
        "SCORELINE_LOG_FORMAT", "log lines for people, as JSON, or by whether stderr is a terminal", default="auto"
    )
    log_level: Literal["debug", "info", "warning", "error"] = _env(
        "SCORELINE_LOG_LEVEL", "the least important log lines shown", default="info"
    )

    @field_validator("portal_id")
    @classmethod
    def _is_a_portal(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[0-9]+", value):
            raise ValueError("the number of a HubSpot account, such as 4711001")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        wrong = ValueError("an address such as https://api.hubapi.com")
        try:
            parts = urlsplit(value)
            _ = parts.port  # raises for what is no port
        except ValueError:
            raise wrong from None
        if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:%-]+", parts.hostname or ""):
            raise wrong
        if "@" in parts.netloc:  # messages name this address, and HubSpot takes no password
            raise wrong
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, value: str) -> str:
        if not re.match(r"sqlite:///(?!:memory:)[^?]|(postgres|postgresql|postgresql\+psycopg)://", value):
            # A run's beginnings must outlive its process: a database in memory is none.
            raise ValueError("sqlite:///file.db, sqlite:////folder/file.db or postgresql://user:password@host/name")
        return value

    def __reduce__(self) -> NoReturn:
        """Settings hold the token: they are not to be written anywhere, nor handed to another process."""
        raise TypeError("Settings cannot be pickled: they hold secrets.")

    @property
    def token(self) -> str:
        """The access token. ConfigError, naming the variable, when there is none."""
        text = self.access_token.get_secret_value().strip() if self.access_token else ""
        if not text:
            raise ConfigError(
                "HUBSPOT_ACCESS_TOKEN is not set. Create a service key in HubSpot (Development > Keys > Service keys) "
                "with the scopes that the README lists, and put it into the environment or into .env. "
                "To try scoreline without an account: scoreline demo"
            )
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingLine:
    """One knob, as `scoreline config` shows it."""

    name: str
    value: str
    """As it was given, or the default. Secrets as `(set)` or `(not set)`, never in clear."""
    source: str
    meaning: str
    mistake: str = ""
    """What is wrong with the value; empty where it can be used."""


def load_settings() -> Settings:
    """Read the environment and `.env`. ConfigError lists every mistake at once, without values that may be secret."""
    _in_file()  # says so if it is no text
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{name}: {mistake}" for name, mistake in _mistakes(error).items()]
        raise ConfigError(
            "Settings with mistakes; nothing was done. `scoreline config` shows them all.\n  " + "\n  ".join(lines)
        ) from None


def describe_settings() -> list[SettingLine]:
    """Every knob with its value, its meaning, where the value came from, and what is wrong with it."""
    in_file = _in_file()
    try:
        Settings()
        mistakes: Mapping[str, str] = {}
    except ValidationError as error:
        mistakes = _mistakes(error)
    lines = []
    for field_name, field in Settings.model_fields.items():
        name = str(field.validation_alias)
        given = os.environ.get(name) or in_file.get(name) or ""
        if field_name == "access_token":
            shown = "(set)" if given else "(not set)"
        elif given:
            shown = without_password(given)
        elif field.default is None:
            shown = "(packaged default)" if field_name == "rulebook" else "(not set)"
        else:
            shown = str(field.default)
        lines.append(
            SettingLine(
                name=name,
                value=shown,
                source=_source(name, in_file),
                meaning=field.description or "",
                mistake=mistakes.get(name, ""),
            )
        )
    return lines


def without_password(url: str) -> str:
    """The address with passwords hidden, also where it is too broken to be taken apart as an address."""
    return re.sub(r"(password=)[^&]*", r"\1***", re.sub(r"(//[^/:@]*):.*@", r"\1:***@", url))


def unknown_settings() -> list[str]:
    """A sentence for every SCORELINE_… variable that means nothing: a typing mistake, most likely."""
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    sentences = []
    for name in sorted(n for n in {*os.environ, *_in_file()} if n.startswith("SCORELINE_") and n not in known):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        sentences.append(f"{name} is not a setting and is ignored.{hint}")
    return sentences


def _in_file() -> Mapping[str, str | None]:
    """What `.env` holds. ConfigError where it cannot be read as text."""
    try:
        return dotenv_values(ENV_FILE) if Path(ENV_FILE).is_file() else {}
    except UnicodeDecodeError:
        raise ConfigError(f"The file {ENV_FILE} is not UTF-8 text; nothing was done. Save it as that.") from None


_EXPECTED = EXPECTED | {"string_pattern_mismatch": "a time of day such as 01:30", "value_error": "{error}"}
_MAY_HOLD_A_PASSWORD = ("HUBSPOT_BASE_URL", "DATABASE_URL")


def _mistakes(error: ValidationError) -> Mapping[str, str]:
    """By variable: what was found, unless it may be secret, and what was expected."""
    mistakes = {}
    for each in error.errors():
        name, kind = str(each["loc"][0]), each["type"]
        expected = _EXPECTED.get(kind, each["msg"]).format(**each.get("ctx", {}))
        found = "" if name in _MAY_HOLD_A_PASSWORD else f"found {each['input']!r}; "
        mistakes[name] = f"{found}expected {expected}"
    return mistakes


def _source(name: str, in_file: Mapping[str, str | None]) -> str:
    if os.environ.get(name):
        return "environment"
    return ENV_FILE if in_file.get(name) else "default"
