"""What an administrator built into the org: rules, triggers and flows that take part in every write, and locks."""

from dataclasses import dataclass, field

from sf_insights.demo.writing.refusals import Refused


@dataclass(frozen=True)
class ValidationRule:
    """Refuses a record whose field has one of the values, whichever field is being written."""

    field: str
    message: str
    refused: tuple[str | None, ...]
    object_name: str = "Account"


@dataclass(frozen=True)
class Trigger:
    """Fails for some records: alone, or with all records of the same chunk."""

    ids: frozenset[str]
    whole_chunk: bool
    object_name: str = "Account"


@dataclass(frozen=True)
class Flow:
    """Sets another field on every write; without a value, to the number of the record's writes."""

    field: str
    value: str | None
    object_name: str = "Account"


@dataclass
class Rules:
    """Everything that takes part in the org's writes."""

    validation_rules: list[ValidationRule] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    locks: dict[str, int] = field(default_factory=dict)  # tries that still find the record locked

    def check_lock(self, id_: str) -> None:
        """Count a try to write a record.

        Raises:
            Refused: another user or job has locked it.
        """
        tries = self.locks.get(id_, 0)
        if tries <= 0:
            return
        self.locks[id_] = tries - 1
        message = f"unable to obtain exclusive access to this record or 1 records: {id_}"
        raise Refused("UNABLE_TO_LOCK_ROW", message)

    def failed_by_triggers(self, object_name: str, ids: list[str]) -> dict[str, Refused]:
        """Return the records of a chunk for which a trigger fails."""
        failed = {}
        for number, trigger in enumerate(self.triggers, 1):
            struck = [id_ for id_ in ids if id_ in trigger.ids] if trigger.object_name == object_name else []
            refusal = Refused(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                f"Check{number}: execution of BeforeUpdate\n\ncaused by: System.NullPointerException: Attempt to"
                f" de-reference a null object\n\nTrigger.Check{number}: line 7, column 1",
            )
            failed.update(dict.fromkeys(ids if struck and trigger.whole_chunk else struck, refusal))
        return failed

    def check_values(self, object_name: str, values: dict[str, str | None]) -> None:
        """Apply the validation rules to a record as it would be saved, by API name.

        Raises:
            Refused: with the rule's message.
        """
        for rule in self.validation_rules:
            if rule.object_name == object_name and values.get(rule.field) in rule.refused:
                raise Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, rule.field)
