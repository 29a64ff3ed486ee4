"""The agents of a user: the guardians whom another system names, where they are exported too."""

import pytest

from enrollment.exchange.records import PATHS
from enrollment.storage.database import Database
from tests.exchange.imports import export, import_content
from tests.exchange.packages import zipped
from tests.exchange.strict import validate
from tests.support.client import Client
from tests.support.traced import traced

ROLES = "student|guardian"
HEADER = "sourcedId,status,enabledUser,orgSourcedIds,role,username,givenName,familyName"
HEADER += ",agentSourcedIds\n"


def bring_in(database: Database, source: str, mode: str, *users: str) -> None:
    """Import users: the id, the status, the role, the family name, and the agents."""
    manifest = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
    manifest += f"file.users,{mode}\nsource.systemName,{source}\n"
    rows = []
    for id, status, role, name, agents in (user.split("/") for user in users):
        rows.append(f'{id},{status},true,,{role},{id},Ada,{name},"{agents}"\n')
    users_csv = (HEADER + "".join(rows)).encode()
    import_content(database, zipped(manifest_csv=manifest.encode(), users_csv=users_csv))


def agents(exported: bytes) -> dict[str, str]:
    """The agents of each user by the family name."""
    users = validate(exported, roles=ROLES)["users"]
    return {row["familyName"]: row["agentSourcedIds"] for row in users if row["agentSourcedIds"]}


@pytest.fixture
def family(database: Database) -> None:
    """A family in one system, and another family in a second one that gives out the same ids."""
    parents = ("g1//guardian/Noor/s2", "g2//guardian/Berg/")
    children = ("s1//student/Katz/g2,g1,s2", "s2//student/Lund/g1")
    bring_in(database, "NORTH", "bulk", *parents, *children)
    bring_in(database, "SOUTH", "bulk", "g1//guardian/Ito/", "s1//student/Sato/g1,g3")


@pytest.mark.usefixtures("family")
def test_agents_go_out_as_they_came_but_for_those_who_are_not_exported(database: Database):
    north = {"Katz": "g2,g1,s2", "Lund": "g1", "Noor": "s2"}
    assert agents(export(database)) == north
    assert agents(export(database, source="SOUTH")) == {"Sato": "g1"}

    bring_in(database, "NORTH", "delta", "g2/tobedeleted/guardian/Berg/")

    assert agents(export(database)) == north | {"Katz": "g1,s2"}


@pytest.mark.usefixtures("family")
def test_the_interface_has_the_same_agents(client: Client):
    users = client.get(f"{PATHS['v1p2']}/users").json["users"]

    assert {
        user["familyName"]: ",".join(agent["sourcedId"] for agent in user["agents"])
        for user in users
        if "agents" in user
    } == agents(export(client.app.database))


@pytest.mark.usefixtures("database_file")  # SQLite shows its queries.
def test_many_agents_take_as_many_queries_as_one(client: Client):
    database, counts = client.app.database, list[int]()
    for many in (1, 30):
        people = [f"g{n}//guardian/Noor/" for n in range(many)]
        people += [f"s{n}//student/Katz/g{n},g0" for n in range(many)]
        bring_in(database, "NORTH", "bulk", *people)
        client.get(f"{PATHS['v1p2']}/users", status=200)

        with traced(database) as statements:
            assert len(validate(export(database), roles=ROLES)["users"]) == 2 * many
            assert len(client.get(f"{PATHS['v1p2']}/users").json["users"]) == 2 * many

        counts.append(len(statements))
    assert counts[0] == counts[1]
