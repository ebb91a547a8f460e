"""What a wheel has beside the package: files that the checkout keeps at its top and in data/."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Puts them where `sf_insights.settings.home.shipped` looks; an editable install finds them in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to the wheel."""
        if version == "standard":
            for path in ("dagster.yaml", "workspace.yaml", "data/account_field_sync.yaml"):
                build_data["force_include"][path] = f"sf_insights/shipped/{path.rsplit('/')[-1]}"
