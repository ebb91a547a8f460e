-- All rows again: DuckLake forgets the old files instead of marking each of their rows as deleted.
DELETE FROM lake.{{ table }};
INSERT INTO lake.{{ table }} SELECT {{ columns | identifiers }} FROM published.{{ table }};
