"""Errors that a person can act on. Their text can be shown as it is."""


class Problem(Exception):
    """An operation failed, and a person can do something about it.

    The text says what happened, to what, and (after the first sentence) what to do. It never contains a secret, an
    address with a query string or a whole SOQL statement. `needs_a_person` is true when trying again later cannot help.
    """

    needs_a_person = False

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class ConfigurationProblem(Problem):
    """The configuration file or the environment is invalid or asks for something impossible."""

    needs_a_person = True


class LabelProblem(ConfigurationProblem):
    """Two fields have the same label, or a field has a label that it may not have."""


class ConnectionProblem(Problem):
    """Salesforce or Zuora cannot be reached, refuses the credentials, or refuses the request."""


class AccessRefused(ConnectionProblem):
    """Salesforce or Zuora refuses the credentials or the permissions of the integration user; retrying cannot help."""

    needs_a_person = True


class IncompleteData(Problem):
    """The data that arrived is incomplete, so nothing may be built on it."""


class GuardRefusal(Problem):
    """The data is complete, but differs so much from the last sync that a person must accept it first."""

    needs_a_person = True


class WarehouseProblem(Problem):
    """Another process holds the warehouse, or the warehouse lacks what is needed."""


class WarehouseUnusable(WarehouseProblem):
    """The warehouse is lost, damaged, written by a newer version or ahead of the clock. A person must fix it."""

    needs_a_person = True


class LakeProblem(Problem):
    """The lake cannot be reached or written, or belongs to another org. The published file is not affected."""
