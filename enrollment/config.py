"""The settings. Each is read from its flag, else from its ENROLLMENT_* variable, else it has its
default."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from enrollment.model.location import EXPECTED, Location, location, without_secrets
from enrollment.problems.errors import UsageError

# These functions read the text of a setting. Each raises ValueError if the text is invalid.


def _number(kind: type[float], least: float, most: float) -> Callable[[str], float]:
    """Return a function that reads a number within these limits."""

    def read(text: str) -> float:
        number = kind(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return read


def _time_zone(text: str) -> ZoneInfo:
    # It raises an OSError for the name of a folder or one that is too long.
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError from error


def _log_format(text: str) -> str:
    if text not in ("plain", "json"):
        raise ValueError
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("[]").lower() for name in text.split(",") if name.strip())


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(name) for name in _names(text))


def _host(text: str) -> str:
    """Read a host. An IPv6 address may be in brackets, as it is in a URL."""
    return text.strip("[]")


def _host_names(text: str) -> tuple[str, ...]:
    names = _names(text)
    for name in names:
        # A name has no colon and no slash: it is not a URL and has no port. Only an IPv6 address
        # has colons.
        if not re.fullmatch(r"\*|[a-z0-9._-]+", name):
            ip_address(name)
    return names


def _setting(default: Any, parse: Callable[[str], Any], expected: str, help: str) -> Any:
    """Return a field of Config. `expected` completes the message about an invalid text."""
    return field(default=default, metadata={"parse": parse, "expected": expected, "help": help})


@dataclass(frozen=True)
class Config:
    """The value of every setting."""

    database: Location = _setting(
        Path("enrollment.db"),
        location,
        EXPECTED,
        "the SQLite file, or the URL of a PostgreSQL database",
    )
    host: str = _setting("127.0.0.1", _host, "an address", "the address to listen on")
    port: int = _setting(
        8000, _number(int, 1, 65535), "a number from 1 to 65535", "the port to listen on"
    )
    busy_timeout: float = _setting(
        5.0,
        _number(float, 0, 3600),
        "seconds from 0 to 3600",
        "how long to wait for a locked database, in seconds",
    )
    body_timeout: float = _setting(
        30.0,
        # More than none: nothing arrives in no time.
        _number(float, sys.float_info.min, 3600),
        "seconds up to 3600",
        "how long a body may take to arrive, in seconds",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        ("localhost", "127.0.0.1", "::1"),
        _host_names,
        "names without scheme, port or path, by commas",
        "the host names that the service also answers to, by commas; *: any",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _setting(
        (),
        _networks,
        "IP addresses or networks",
        "the proxies whose X-Forwarded-For is trusted: addresses or networks, such as 10.0.0.0/8,"
        " by commas",
    )
    rate_limit: int = _setting(
        0,
        _number(int, 0, 1_000_000),
        "a number from 0 to 1000000",
        "how many requests a minute one token may make; 0: no limit",
    )
    failure_limit: int = _setting(
        10,
        _number(int, 0, 1_000_000),
        "a number from 0 to 1000000",
        "how many invalid tokens an address may send a minute; 0: no limit",
    )
    retry_window: int = _setting(
        86400,
        _number(int, 0, 1_000_000),
        "seconds from 0 to 1000000",
        "how long the response under an Idempotency-Key is kept, in seconds",
    )
    time_zone: ZoneInfo = _setting(
        ZoneInfo("UTC"),
        _time_zone,
        "the IANA name of a time zone, such as Europe/Berlin",
        "where the school is, such as Europe/Berlin: a date in place of a time is a day there",
    )
    log_format: str = _setting(
        "plain", _log_format, "plain or json", "the form of the log: plain or json"
    )

    @property
    def address(self) -> str:
        """The host and the port, as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL of the service."""
        return f"http://{self.address}"

    @classmethod
    def read(cls, flags: Mapping[str, str | None], environ: Mapping[str, str]) -> "Config":
        """Read the settings from flags, by the names of the settings, and from variables.

        Raises UsageError for an unknown variable, and for an invalid text, with its origin.
        """
        known = {variable(setting.name) for setting in fields(cls)}
        unknown = [
            name
            for name, text in environ.items()
            if name.startswith(variable("")) and name not in known and not _is_injected(name, text)
        ]
        if unknown:
            raise UsageError(f"there is no setting {', '.join(sorted(unknown))}")
        values = {}
        for setting in fields(cls):
            origin, text = given(setting.name, flags, environ)
            if text is None:
                continue
            try:
                values[setting.name] = setting.metadata["parse"](text)
            except ValueError:
                expected = setting.metadata["expected"]
                said = without_secrets(text)
                raise UsageError(f"{origin} is {said!r}, expected {expected}") from None
        return cls(**values)


# The names of all settings.
SETTINGS = tuple(setting.name for setting in fields(Config))
# Kubernetes describes a service that is called "enrollment" to every container beside it
# (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
INJECTED = re.compile(
    r"ENROLLMENT_SERVICE_(HOST|PORT(_\w+)?)|ENROLLMENT_PORT_[0-9]+_(TCP|UDP|SCTP)(_\w+)?"
)


def _is_injected(name: str, text: str) -> bool:
    """Whether Kubernetes has set this variable: it is not a setting."""
    if name == variable("port"):
        return "://" in text
    return INJECTED.fullmatch(name) is not None


def shown(value: Any) -> str:
    """Return the value of a setting as the text that a flag would have."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def given(
    name: str, flags: Mapping[str, str | None], environ: Mapping[str, str]
) -> tuple[str, str | None]:
    """Return the origin of a setting (its flag, its variable or "default") and its text, which is
    None for the default."""
    text = flags.get(name)
    if text is not None:
        return flag(name), text
    text = environ.get(variable(name))
    if text is not None and not _is_injected(variable(name), text):
        return variable(name), text
    return "default", None


def flag(name: str) -> str:
    """Return the flag of a setting, such as `--busy-timeout`."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """Return the environment variable of a setting, such as `ENROLLMENT_BUSY_TIMEOUT`."""
    return "ENROLLMENT_" + name.upper()
