-- Open the lake. Rows stay out of the catalog (inlining 0), and a catalog of another format is never migrated.
ATTACH {{ ("ducklake:postgres:" ~ options) | literal }} AS lake (
    META_SECRET 'lake_catalog',
    METADATA_SCHEMA {{ schema | literal }},
    DATA_PATH {{ files | literal }},
{% if read_only %}
    READ_ONLY
{% else %}
    DATA_INLINING_ROW_LIMIT 0,
    AUTOMATIC_MIGRATION false
{% endif %}
);
USE lake;
