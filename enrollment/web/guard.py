"""What protects the pages: the session cookie, https, and the origin of a form."""

import re
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from enrollment.http.context import Context, forwarded_scheme
from enrollment.problems.errors import Problem

# A browser sends a cookie with the prefix __Host- only to the host that has set it, over https.
COOKIE = "enrollment"
SECURE_COOKIE = f"__Host-{COOKIE}"
# A path that begins with two slashes names another host. Browsers take a backslash for a slash.
LOCAL_PATH = re.compile(r"/(?![/\\])[!-~]*")
FORWARDED = ("FORWARDED", "X_FORWARDED_FOR", "X_FORWARDED_PROTO")


def is_https(context: Context, proxies: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether the browser uses https, by the word of a trusted proxy: the service has none."""
    peer = _peer(context)
    trusted = peer is not None and any(peer in network for network in proxies)
    return trusted and forwarded_scheme(context) == "https"


def is_loopback(context: Context) -> bool:
    """Whether the browser runs on this machine, without a proxy between."""
    peer = _peer(context)
    return bool(peer and peer.is_loopback) and not any(map(context.header, FORWARDED))


def read_secret(context: Context, *, https: bool) -> str | None:
    """Return the secret of the session, if the request has its cookie."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(context.header("COOKIE") or "")
    except CookieError:
        return None
    morsel = cookies.get(SECURE_COOKIE if https else COOKIE)
    return morsel.value if morsel and morsel.value else None


def cookie(secret: str, *, https: bool) -> dict[str, str]:
    """Return the header that sets the cookie of a session, or deletes it if the secret is empty."""
    name, secure = (SECURE_COOKIE, "; Secure") if https else (COOKIE, "")
    over = "" if secret else "; Max-Age=0"
    return {"Set-Cookie": f"{name}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{over}"}


def check_origin(context: Context) -> None:
    """Refuse a form that a page of another site has sent (CSRF).

    Every browser since 2023 says so in Sec-Fetch-Site, on https and on this machine. Without it,
    Origin must be the origin of this service. Raises foreign_form.
    """
    site, origin = context.header("SEC_FETCH_SITE"), context.header("ORIGIN")
    if site is not None:
        own = site == "same-origin"
    else:
        # An origin is "null", or a scheme, a host and perhaps a port (RFC 6454, section 6.2).
        host = (origin or "").lower().partition("://")[2]
        own = bool(host) and host == (context.header("HOST") or "").lower()
    if not own:
        raise Problem("foreign_form", "The form was not sent from a page of this service.")


def local_path(path: str) -> str:
    """Return the path to go to after the sign-in, which must be one of this service. It becomes a
    header, so it has no line break and no space."""
    return path if LOCAL_PATH.fullmatch(path) else "/start"


def _peer(context: Context) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(context.environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
