"""How fields change from sync to sync: status, its start date, first and last sync, and events."""

from datetime import UTC, date, datetime

from sf_insights.domain.fields.field_types import AccountField, Category
from sf_insights.domain.fields.lifecycle import FieldEvent, FieldState, next_states
from sf_insights.domain.fields.plan import PlannedField

ARR = AccountField("ARR__c", "ARR", "currency", precision=18, scale=2, help_text="Per year")
HIDDEN = "it is no longer visible in Salesforce"


def day(number: int) -> date:
    return date(2026, 3, number)


def stamp(number: int) -> datetime:
    return datetime(2026, 3, number, 4, tzinfo=UTC)


def read(field: AccountField = ARR, category="attribute", description: str | None = None) -> PlannedField:
    return PlannedField(field, category, description)


def gone(field: AccountField = ARR, category="attribute", reason: str = HIDDEN) -> PlannedField:
    """A planned field that the sync cannot see. Of what describe shows, it has only what earlier syncs kept."""
    known = AccountField(field.name, field.label, field.type, is_formula=field.is_formula, help_text=field.help_text)
    return PlannedField(known, category, None, reason)


class Fields:
    """The fields of a warehouse over a few daily syncs."""

    def __init__(self) -> None:
        self.states: dict[str, FieldState] = {}
        self.earlier_syncs: dict[tuple[str, Category], tuple[datetime, datetime]] = {}

    def sync(self, number: int, *plan: PlannedField) -> list[tuple[str, str]]:
        """Run day `number` of March and return its events as (field, event)."""
        return [(event.field, event.event) for event in self.events_of(number, *plan)]

    def events_of(self, number: int, *plan: PlannedField) -> list[FieldEvent]:
        states, events = next_states(self.states, plan, day(number), stamp(number), self.earlier_syncs)
        self.states = {state.field: state for state in states}
        for planned in plan:
            if planned.is_read:
                key = (planned.name, planned.category)
                first, _ = self.earlier_syncs.get(key, (stamp(number), None))
                self.earlier_syncs[key] = (first, stamp(number))
        return events

    @property
    def arr(self) -> FieldState:
        return self.states["ARR__c"]


def test_a_field_is_active_from_its_first_sync():
    fields = Fields()
    assert fields.events_of(1, read(category="metric")) == [
        FieldEvent("ARR__c", "activated", "first synced, as metric")
    ]
    assert fields.arr == FieldState(
        field="ARR__c",
        category="metric",
        data_type="number",
        format="currency",
        places=2,
        salesforce_type="currency",
        salesforce_label="ARR",
        description="Per year",
        is_formula=False,
        status="active",
        status_reason=None,
        status_since=day(1),
        first_synced_at=stamp(1),
        last_synced_at=stamp(1),
    )
    assert fields.arr.is_visible


def test_an_unchanged_day_only_moves_the_last_sync():
    fields = Fields()
    fields.sync(1, read())
    assert fields.sync(2, read()) == []
    assert (fields.arr.status_since, fields.arr.first_synced_at, fields.arr.last_synced_at) == (
        day(1),
        stamp(1),
        stamp(2),
    )


def test_a_field_that_was_never_read_is_pending_and_hidden():
    fields = Fields()
    assert fields.events_of(1, gone()) == [FieldEvent("ARR__c", "pending", HIDDEN)]
    assert (fields.arr.status, fields.arr.status_reason) == ("pending", HIDDEN)
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (None, None)
    assert not fields.arr.is_visible


def test_a_pending_field_stays_pending_since_its_first_day():
    fields = Fields()
    fields.sync(1, gone())
    assert fields.sync(2, gone()) == []
    assert (fields.arr.status, fields.arr.status_since) == ("pending", day(1))


def test_a_field_goes_from_pending_to_active_to_paused_and_back():
    fields = Fields()
    fields.sync(1, gone())
    assert fields.sync(2, read()) == [("ARR__c", "activated")]
    assert (fields.arr.status, fields.arr.status_since, fields.arr.first_synced_at) == ("active", day(2), stamp(2))

    assert fields.events_of(4, gone()) == [FieldEvent("ARR__c", "paused", HIDDEN)]
    assert (fields.arr.status, fields.arr.status_reason, fields.arr.status_since) == ("paused", HIDDEN, day(4))
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (stamp(2), stamp(2))
    assert fields.arr.is_visible

    assert fields.sync(5, gone()) == []
    assert fields.arr.status_since == day(4)

    (resumed,) = fields.events_of(7, read())
    assert (resumed.event, resumed.detail) == ("resumed", f"was paused from 2026-03-04: {HIDDEN}")
    assert (fields.arr.status, fields.arr.status_reason, fields.arr.status_since) == ("active", None, day(7))
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (stamp(2), stamp(7))


def test_a_paused_field_shows_the_current_reason():
    fields = Fields()
    fields.sync(1, read())
    fields.sync(2, gone())
    fields.sync(3, gone(reason="its type changed"))
    assert (fields.arr.status_reason, fields.arr.status_since) == ("its type changed", day(2))


def test_a_paused_field_keeps_the_type_of_its_values_and_shows_the_present_description():
    formula = AccountField("ARR__c", "ARR", "percent", scale=1, is_formula=True, help_text="Per year")
    fields = Fields()
    fields.sync(1, read(formula))
    before = fields.arr
    fields.sync(2, PlannedField(AccountField("ARR__c", "Tier", "picklist"), "attribute", None, "its type changed"))
    for name in ("data_type", "format", "places", "salesforce_type", "salesforce_label", "is_formula"):
        assert getattr(fields.arr, name) == getattr(before, name), name
    assert fields.arr.description is None


def test_the_configured_description_wins_over_the_help_text():
    fields = Fields()
    fields.sync(1, read(description="As reported"))
    assert fields.arr.description == "As reported"
    fields.sync(2, read())
    assert fields.arr.description == "Per year"
    fields.sync(3, read(description="As reported"))
    fields.sync(4, gone())
    assert (fields.arr.status, fields.arr.description) == ("paused", "Per year")


def test_a_deselected_field_is_remembered_and_hidden():
    fields = Fields()
    fields.sync(1, read())
    assert fields.sync(3) == [("ARR__c", "deselected")]
    assert (fields.arr.status, fields.arr.status_reason, fields.arr.status_since) == ("deselected", None, day(3))
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (stamp(1), stamp(1))
    assert not fields.arr.is_visible
    assert fields.sync(4) == []
    assert fields.arr.status_since == day(3)


def test_a_reselected_field_has_its_history_again():
    fields = Fields()
    fields.sync(1, read())
    fields.sync(2)
    assert fields.sync(4, read()) == [("ARR__c", "reselected")]
    assert (fields.arr.status, fields.arr.status_since) == ("active", day(4))
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (stamp(1), stamp(4))


def test_a_synced_field_reselected_while_hidden_is_paused():
    fields = Fields()
    fields.sync(1, read())
    fields.sync(2)
    assert fields.sync(3, gone()) == [("ARR__c", "paused")]
    assert (fields.arr.status, fields.arr.first_synced_at, fields.arr.last_synced_at) == ("paused", stamp(1), stamp(1))


def test_a_never_synced_field_reselected_while_hidden_is_pending():
    fields = Fields()
    fields.sync(1, gone())
    fields.sync(2)
    assert fields.sync(3, gone()) == [("ARR__c", "pending")]
    assert (fields.arr.status, fields.arr.status_since) == ("pending", day(3))


def test_deselecting_a_paused_field_clears_its_reason():
    fields = Fields()
    fields.sync(1, read())
    fields.sync(2, gone())
    assert fields.sync(3) == [("ARR__c", "deselected")]
    assert fields.arr.status_reason is None


def test_an_attribute_that_becomes_a_metric_and_returns_keeps_the_first_sync_of_each():
    fields = Fields()
    fields.sync(1, read())
    (became,) = fields.events_of(3, read(category="metric"))
    assert (became.event, became.detail) == ("became_metric", "was attribute; each category keeps its own history")
    assert (fields.arr.category, fields.arr.status, fields.arr.status_since) == ("metric", "active", day(3))
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (stamp(3), stamp(3))

    assert fields.sync(5, read()) == [("ARR__c", "became_attribute")]
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (stamp(1), stamp(5))
    assert fields.arr.status_since == day(5)

    fields.sync(6, read(category="metric"))
    assert fields.arr.first_synced_at == stamp(3)


def test_a_field_that_becomes_a_metric_while_hidden_is_pending_as_a_metric():
    fields = Fields()
    fields.sync(1, read())
    events = fields.sync(2, gone(category="metric"))
    assert events == [("ARR__c", "became_metric"), ("ARR__c", "pending")]
    assert (fields.arr.status, fields.arr.first_synced_at, fields.arr.last_synced_at) == ("pending", None, None)
    assert fields.sync(3, read(category="metric")) == [("ARR__c", "activated")]
    assert fields.arr.first_synced_at == stamp(3)


def test_a_field_reselected_in_the_other_category_reports_both_changes():
    fields = Fields()
    fields.sync(1, read())
    fields.sync(2)
    assert fields.sync(3, read(category="metric")) == [("ARR__c", "became_metric"), ("ARR__c", "reselected")]
    assert fields.arr.first_synced_at == stamp(3)


def test_changes_in_salesforce_are_reported_without_a_pause():
    fields = Fields()
    fields.sync(1, read())
    formula = AccountField("ARR__c", "Recurring", "double", precision=18, scale=3, is_formula=True)
    events = fields.events_of(2, read(formula))
    assert [(event.event, event.detail) for event in events[:2]] == [
        ("salesforce_label_changed", "from ARR to Recurring"),
        ("type_changed", "from currency to double"),
    ]
    assert events[2].event == "became_formula"
    assert (fields.arr.format, fields.arr.places, fields.arr.is_formula) == ("decimal", 3, True)
    assert (fields.arr.status, fields.arr.status_since) == ("active", day(1))
    assert fields.sync(3, read(formula)) == []


def test_a_field_that_was_never_read_does_not_become_a_formula():
    fields = Fields()
    formula = AccountField("ARR__c", "ARR", "currency", is_formula=True)
    fields.sync(1, gone(formula))
    assert fields.sync(2, read(formula)) == [("ARR__c", "activated")]
    assert fields.arr.is_formula


def test_one_fields_changes_leave_other_fields_alone():
    industry = AccountField("Industry", "Industry", "picklist")
    rating = AccountField("rating__c", "Rating", "picklist")
    fields = Fields()
    fields.sync(1, read(rating), read(industry), read())
    before = fields.states["Industry"]
    assert fields.sync(2, read(industry), gone()) == [("ARR__c", "paused"), ("rating__c", "deselected")]
    after = fields.states["Industry"]
    assert (after.status, after.status_since, after.last_synced_at) == ("active", before.status_since, stamp(2))
    assert list(fields.states) == ["ARR__c", "Industry", "rating__c"]


def test_a_repeated_day_gives_the_same_result():
    fields = Fields()
    fields.sync(1, read())
    states, earlier_syncs = dict(fields.states), dict(fields.earlier_syncs)
    once, again = (next_states(states, [gone()], day(2), stamp(2), earlier_syncs) for _ in range(2))
    assert once == again
    assert fields.states == states


def test_a_hidden_field_that_returns_to_a_category_shows_its_last_sync_there():
    fields = Fields()
    fields.sync(1, read(category="attribute"))
    fields.sync(2, read(category="attribute"))
    fields.sync(3, read(category="metric"))
    fields.sync(4, gone(category="attribute"))
    assert fields.arr.status == "paused"
    assert (fields.arr.first_synced_at, fields.arr.last_synced_at) == (stamp(1), stamp(2))
