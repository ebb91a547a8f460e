-- Whether a small table has other rows than the published one.
SELECT (SELECT count(*) FROM lake.{{ table }}) <> (SELECT count(*) FROM published.{{ table }})
    OR EXISTS (
        SELECT {{ columns | identifiers }} FROM published.{{ table }}
        EXCEPT ALL
        SELECT {{ columns | identifiers }} FROM lake.{{ table }}
    );
