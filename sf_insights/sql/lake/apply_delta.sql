-- Replace the rows with these keys.
DELETE FROM lake.{{ table }} AS held USING (SELECT DISTINCT {{ keys | identifiers }} FROM delta WHERE is_in_lake) AS gone
WHERE {% for key in keys %}held.{{ key | identifier }} = gone.{{ key | identifier }}{{ " AND " if not loop.last }}{% endfor %};
INSERT INTO lake.{{ table }} SELECT {{ columns | identifiers }} FROM published.{{ table }}
SEMI JOIN delta USING ({{ keys | identifiers }});
