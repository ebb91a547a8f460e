WITH refused AS (
    SELECT field, count(*) FILTER (refusal.code = 'CONFLICT') AS conflict,
        count(*) FILTER (refusal.code != 'CONFLICT') AS rejected
    FROM work.main.problems GROUP BY field
)
SELECT
    names.field,
    count(*) FILTER (action = 'write' AND kind = 'filled') AS filled,
    count(*) FILTER (action = 'write' AND kind = 'changed') AS changed,
    count(*) FILTER (action = 'write' AND kind = 'cleared') AS cleared,
    count(*) FILTER (action = 'equal') AS equal,
    count(*) FILTER (action = 'edited') AS edited,
    coalesce(any_value(refused.conflict), 0) AS conflict,
    count(*) FILTER (action = 'currency') + coalesce(any_value(refused.rejected), 0) AS rejected
FROM (VALUES {% for field in fields %}({{ loop.index }}, {{ field | literal }}){{ ', ' if not loop.last }}{% endfor %}) AS names(place, field)
LEFT JOIN decisions ON decisions.field = names.field
LEFT JOIN refused ON refused.field = names.field
GROUP BY names.field, names.place
ORDER BY names.place
