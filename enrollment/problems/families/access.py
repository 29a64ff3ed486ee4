"""Problems of access: the caller is unknown, or may not do this, or not so often."""

from functools import partial

from enrollment.problems.problem_type import Example, ProblemType

problem = partial(ProblemType, family="access")

PROBLEM_TYPES = (
    problem(
        code="token_missing",
        status=401,
        title="The request has no access token",
        advice=(
            "Send the header `Authorization`: the word Bearer, a space, and a token. An admin"
            " creates tokens."
        ),
        example=Example("The request has no token."),
    ),
    problem(
        code="token_invalid",
        status=401,
        title="The access token is invalid",
        advice="Check for typing errors. If there are none, ask an admin for another token.",
        example=Example("The token is unknown, expired or revoked."),
    ),
    problem(
        code="forbidden",
        status=403,
        title="The role of the token does not allow this",
        advice="Ask someone with one of the roles in `detail`.",
        example=Example("The role reader may not do this. These roles may: admin, registrar."),
    ),
    problem(
        code="foreign_form",
        status=403,
        title="The form comes from another site",
        advice="Open the page at its own address, and send its form again.",
        example=Example("The form was not sent from a page of this service."),
    ),
    problem(
        code="sign_in_needs_https",
        status=403,
        title="Signing in needs https",
        advice=(
            "Open the service over https. Behind a proxy, set `--trusted-proxies`, and let the"
            " proxy send `X-Forwarded-Proto`."
        ),
        example=Example("Signing in over http works only on the machine of the service."),
    ),
    problem(
        code="link_invalid",
        status=410,
        title="The link does not sign in any more",
        advice="Ask for a new link: each works once, for 15 minutes.",
        example=Example("The link was used already, or its time is over."),
    ),
    problem(
        code="misdirected_request",
        status=421,
        title="The service does not answer to this host name",
        advice="Use one of its host names, or add this one to `--allowed-hosts`.",
        example=Example('The service does not answer to "school.example".'),
    ),
    problem(
        code="too_many_failures",
        status=429,
        title="Too many invalid tokens",
        advice="Wait for the seconds in `Retry-After`, then send a valid token.",
        example=Example("Too many invalid tokens came from this IP address."),
    ),
    problem(
        code="too_many_requests",
        status=429,
        title="The token has made too many requests",
        advice=(
            "Wait for the seconds in `Retry-After`. The `RateLimit` header shows how many requests"
            " are left."
        ),
        example=Example("The token may be used 600 times a minute."),
    ),
)
