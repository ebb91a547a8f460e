-- Whether all numbers of a metric, recorded and of today, are short: then the walk takes half of the time.
{% from "history/walk/casting.sql" import is_short %}
SELECT coalesce((
    SELECT bool_and({{ is_short('"OldValue"') }}) AND bool_and({{ is_short('"NewValue"') }})
    FROM {{ history }} WHERE list_contains($names, "Field")
), true) AND coalesce((
    SELECT bool_and(coalesce(TRY_CAST({{ today }} AS DECIMAL(18, 3)) = {{ today }}, false))
    FROM salesforce.raw_accounts WHERE {{ today }} IS NOT NULL
), true);
