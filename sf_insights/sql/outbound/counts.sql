SELECT
    names.field,
    count(*) FILTER (action = 'write' AND kind = 'filled') AS filled,
    count(*) FILTER (action = 'write' AND kind = 'changed') AS changed,
    count(*) FILTER (action = 'write' AND kind = 'cleared') AS cleared,
    count(*) FILTER (action = 'equal') AS equal,
    count(*) FILTER (action = 'edited') AS edited,
    (SELECT count(*) FROM work.main.problems AS found
     WHERE found.field = names.field AND found.refusal.code = 'CONFLICT') AS conflict,
    count(*) FILTER (action = 'currency') + (SELECT count(*) FROM work.main.problems AS found
     WHERE found.field = names.field AND found.refusal.code != 'CONFLICT') AS rejected
FROM (VALUES {% for field in fields %}({{ loop.index }}, {{ field | literal }}){{ ', ' if not loop.last }}{% endfor %}) AS names(place, field)
LEFT JOIN decisions ON decisions.field = names.field
WHERE $object IS NOT NULL
GROUP BY names.field, names.place
ORDER BY names.place
