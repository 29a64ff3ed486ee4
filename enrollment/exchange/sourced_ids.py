"""The ids of other systems: which of them an export has, and which a row can refer to."""

from collections.abc import Iterator

from enrollment.data import sourced
from enrollment.data.export import Fields, Scope
from enrollment.exchange.overlay import has_new_value, updated
from enrollment.storage.connection import Connection


class SourcedIds:
    """The ids that records have in other systems, as far as a scope has them."""

    def __init__(self, db: Connection, scope: Scope, own_school: str) -> None:
        self._db, self.scope = db, scope
        has_own, self.exists = sourced.get_own_records(db, scope)
        # The school of what has none: that of another system, unless something is ours alone.
        self.school_id = own_school
        self.orgs: dict[str, Fields] = {}
        self.terms: dict[int, str] = {}
        self.classes: dict[int, str] = {}
        # When the last class changed that needs the session of the courses without a term, if any.
        self.session_without_term_at: str | None = None
        # The courses of the catalog of ours that classes need, by their numbers.
        self.needs_codes = set[int]()
        self.sessions, self.catalog = set[str](), set[str]()
        # The ids that a system has given to something else than what is exported with them.
        self._foreign = set[tuple[str, str, str]]()
        if self.exists:
            self._find()
        if self.orgs and not has_own:
            # The first school, or else the first org.
            types = {id: row["content"].get("type") for id, row in self.orgs.items()}
            self.school_id = min(types, key=lambda id: types[id] != "school")

    def _find(self) -> None:
        """Find which ids there are, for the rows that refer to them."""
        self.orgs = {row["sourced_id"]: row for row in self.list_kind("orgs")}
        self._foreign = sourced.list_foreign_ids(self._db, self.scope)
        terms = list(self.list_rows("list_sourced_terms"))
        self.terms = {row["id"]: row["sourced_id"] for row in terms}
        for kind, ids in (("academicSessions", self.sessions), ("courses", self.catalog)):
            ids |= {row["sourced_id"] for row in self.list_kind(kind)}
        classes = []
        for row in self.list_rows("list_sourced_courses"):
            self.classes[row["id"]] = row["sourced_id"]
            if self.is_in_scope(row["term"]):
                classes.append(row)
        if self.scope.term is not None:
            named = [row["content"].get("termSourcedIds", "").split(",") for row in classes]
            own = {row["sourced_id"] for row in terms if self.is_in_scope(row["code"])}
            self.sessions &= own.union(*named)
            self.catalog &= {row["content"].get("courseSourcedId") for row in classes}
        for row in classes:
            if not self.terms_of(row) and row["term_id"] is None:
                times = (self.session_without_term_at, *updated(row).values())
                self.session_without_term_at = max(filter(None, times))
            if has_new_value(row, "code") or not self.known(row, "courseSourcedId", "courses"):
                self.needs_codes.add(row["code_id"])

    def is_in_scope(self, term: str | None) -> bool:
        """Whether the courses of this term are exported."""
        return self.scope.term is None or (term or "").lower() == self.scope.term.lower()

    def has(self, sourced_id: str) -> bool:
        """Whether a session or a course of the catalog with this id was brought in."""
        return sourced_id in self.sessions or sourced_id in self.catalog

    def columns(self, kind: str) -> list[str]:
        """The columns that the rows of a file came with, besides those of the standard."""
        return sourced.list_own_columns(self._db, kind, self.scope) if self.exists else []

    def list_rows(self, name: str, **more: str) -> Iterator[Fields]:
        """List the rows of a query."""
        return sourced.list_rows(self._db, name, self.scope, **more)

    def list_kind(self, kind: str) -> Iterator[Fields]:
        """List the records of a kind."""
        return self.list_rows("list_sourced", kind=kind)

    def terms_of(self, row: Fields) -> list[str]:
        """Return the sessions of a class: those it came with, unless its term was changed here."""
        if row["taken"] and row["term"] != row["taken"].get("term"):
            return []
        return self.known(row, "termSourcedIds", "academicSessions")

    def known(self, row: Fields, column: str, kind: str) -> list[str]:
        """Return the ids in a column that lead to what the system of the row means by them."""
        ids = {"orgs": self.orgs, "academicSessions": self.sessions, "courses": self.catalog}
        named = row["content"].get(column, "").split(",")
        return [
            id for id in named if id in ids[kind] and (kind, row["source"], id) not in self._foreign
        ]

    def resolve(self, row: Fields, cells: Fields, column: str, kind: str) -> bool:
        """Leave an id out that leads nowhere, and return whether there is none."""
        if not self.known(row, column, kind):
            cells.pop(column, None)
        return column not in cells
