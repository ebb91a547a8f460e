"""Give the assets and checks of the package the names and the resources of one home."""

from collections.abc import Callable, Iterable, Iterator, Sequence
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


def renamed_checks(checks: Iterable[dg.AssetChecksDefinition], names: Names) -> list[dg.AssetChecksDefinition]:
    """Rename the checks of the package for a home, with those of one asset in one step: a step costs Dagster more."""
    of_assets: dict[dg.AssetKey, list[dg.AssetChecksDefinition]] = {}
    for check in checks:
        [spec] = check.check_specs
        of_assets.setdefault(spec.asset_key, []).append(check)
    return [_renamed_together(of_asset, names) for of_asset in of_assets.values()]


def _renamed_together(checks: Sequence[dg.AssetChecksDefinition], names: Names) -> dg.AssetChecksDefinition:
    renamed = []
    for check in checks:
        [spec] = check.check_specs
        asset = dg.AssetKey(names.key(spec.asset_key.path))
        new = dg.AssetCheckSpec(spec.name, asset=asset, description=spec.description, blocking=spec.blocking)
        renamed.append((new, check))
    decorate = dg.multi_asset_check(
        name="__".join([*asset.path, "checks"]),
        specs=[spec for spec, _ in renamed],
        can_subset=True,
        required_resource_keys={names.resource(name) for check in checks for name in check.op.required_resource_keys},
    )

    def compute(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        for spec, check in renamed:
            if spec.key in context.selected_asset_check_keys:
                result: dg.AssetCheckResult = _function(check)(context, **_resources(context, check, names))
                yield result._replace(check_name=spec.name, asset_key=spec.asset_key)

    return decorate(compute)


def _function(definition: dg.AssetsDefinition) -> Callable[..., Any]:
    """Return the function that was decorated."""
    compute: Any = definition.op.compute_fn
    function: Callable[..., Any] = getattr(compute, "decorated_fn", compute)
    return function


def _resources(context: Any, definition: dg.AssetsDefinition, names: Names) -> dict[str, Any]:
    return {name: getattr(context.resources, names.resource(name)) for name in definition.op.required_resource_keys}
