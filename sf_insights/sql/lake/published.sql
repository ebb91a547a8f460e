-- The sync and the org of the published file.
SELECT sync, synced_on, (SELECT org_id FROM published.ops.warehouse) AS org_id FROM published.insights.snapshot;
