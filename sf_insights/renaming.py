"""Give the assets and checks of the package the names and the resources of one home."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from sf_insights.dagster_instance.names import Names


def renamed_asset(asset: dg.AssetsDefinition, names: Names) -> dg.AssetsDefinition:
    """Rename an asset of the package, or the assets of one step, for a home."""
    specs = [
        spec.replace_attributes(
            key=names.key(spec.key.path),
            deps=[dg.AssetDep(names.key(dep.asset_key.path)) for dep in spec.deps],
            group_name=names.name(spec.group_name or "default"),
        )
        for spec in asset.specs
    ]
    function = _function(asset)
    decorate = dg.multi_asset(
        name=names.name(asset.op.name),
        specs=specs,
        can_subset=asset.can_subset,
        description=asset.op.description,
        retry_policy=asset.op.retry_policy,
        op_tags=asset.op.tags,
        pool=asset.op.pool,
        required_resource_keys={names.resource(name) for name in asset.op.required_resource_keys},
    )

    def compute(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        made = function(context, **_resources(context, asset, names))
        yield from [made] if isinstance(made, dg.MaterializeResult) else made

    return decorate(compute)


def renamed_check(check: dg.AssetChecksDefinition, names: Names) -> dg.AssetChecksDefinition:
    """Rename a check of the package for a home."""
    [spec] = check.check_specs
    function = _function(check)
    decorate = dg.asset_check(
        asset=dg.AssetKey(names.key(spec.asset_key.path)),
        name=spec.name,
        description=spec.description,
        blocking=spec.blocking,
        retry_policy=check.op.retry_policy,
        op_tags=check.op.tags,
        pool=check.op.pool,
        required_resource_keys={names.resource(name) for name in check.op.required_resource_keys},
    )

    def compute(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        result: dg.AssetCheckResult = function(context, **_resources(context, check, names))
        return result

    return decorate(compute)


def _function(definition: dg.AssetsDefinition) -> Callable[..., Any]:
    """Return the function that was decorated."""
    compute: Any = definition.op.compute_fn
    function: Callable[..., Any] = getattr(compute, "decorated_fn", compute)
    return function


def _resources(context: Any, definition: dg.AssetsDefinition, names: Names) -> dict[str, Any]:
    return {name: getattr(context.resources, names.resource(name)) for name in definition.op.required_resource_keys}
