"""Where hidden values are kept: those of a deselected field, or of a field in another category than today's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sf_insights.domain.fields.field_types import Category
from sf_insights.domain.fields.lifecycle import FieldState

_KEPT = {
    "attribute": ("an attribute", "ops.attribute_values and ops.attribute_changes"),
    "metric": ("a metric", "ops.metric_history and ops.metric_summary"),
}


def past_of(state: FieldState, synced: Mapping[Category, tuple[date, date]]) -> str | None:
    """Return one sentence per category whose values are kept but not shown; None if all values are shown.

    Args:
        state: the field's state after the sync.
        synced: the first and the last day on which the field was synced, by category.
    """
    sentences = []
    for category, (first, last) in sorted(synced.items()):
        if state.is_visible and category == state.category:
            continue
        kind, tables = _KEPT[category]
        days = f"of {first}" if first == last else f"from {first} to {last}"
        sentences.append(
            f"Its values as {kind}, {days}, are kept in {tables}. Select it as {kind} again, and the views show them."
        )
    return " ".join(sentences) or None
