-- What all_orgs.orgs says of an org whose rows are up to date.
SELECT org_id, sync, published_at FROM published.insights.snapshot, published.ops.warehouse;
