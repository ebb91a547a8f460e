"""The Dagster resources of assets and checks: opened when first used, and closed when the run ends."""

from sf_insights.dagster_resources.connections import SalesforceResource, ZuoraResource
from sf_insights.dagster_resources.home import SettingsResource
from sf_insights.dagster_resources.outbound import OutboundResource
from sf_insights.dagster_resources.warehouse import Step, WarehouseResource

__all__ = ["OutboundResource", "SalesforceResource", "SettingsResource", "Step", "WarehouseResource", "ZuoraResource"]
