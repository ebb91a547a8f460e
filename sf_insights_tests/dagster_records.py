"""What Dagster recorded last about an asset."""

import dagster as dg


def latest_materialization(instance: dg.DagsterInstance, *asset: str) -> dg.AssetMaterialization:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return event.asset_materialization


def latest_check(instance: dg.DagsterInstance, *asset: str, name: str) -> dg.AssetCheckEvaluation:
    key = dg.AssetCheckKey(dg.AssetKey(asset), name)
    event = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key].event
    assert event is not None
    assert event.asset_check_evaluation is not None
    return event.asset_check_evaluation
