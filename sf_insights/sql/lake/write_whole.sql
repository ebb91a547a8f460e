-- A new table, or one whose columns changed.
CREATE OR REPLACE TABLE lake.{{ table }} AS FROM published.{{ table }};
