"""What a person has to know or mend, as exceptions whose text can be shown as it is."""


class Problem(Exception):
    """Something stopped, and a person can do something about it.

    The text says what happened, to what, and (after the first sentence) what to do. It holds no secret, no address
    with a query in it and no whole SOQL statement. `needs_a_person` is whether trying again later is of no use.
    """

    needs_a_person = False

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class ConfigurationProblem(Problem):
    """The configuration file or the environment asks for something that cannot be."""

    needs_a_person = True


class ConnectionProblem(Problem):
    """Salesforce or Zuora cannot be reached, refuses the credentials, or refuses the request."""


class AccessRefused(ConnectionProblem):
    """The credentials or the rights of the integration user are refused, as they will be at the next try."""

    needs_a_person = True


class IncompleteSnapshot(Problem):
    """What arrived is not all that was promised; nothing may be built on it."""


class GuardRefusal(Problem):
    """What arrived is complete but so different from the last sync that a person should look first."""

    needs_a_person = True


class WarehouseProblem(Problem):
    """The warehouse is held by somebody else, or lacks what is asked of it."""


class WarehouseUnusable(WarehouseProblem):
    """The warehouse is lost, damaged, of a newer version or ahead of the clock, until a person changes that."""

    needs_a_person = True
