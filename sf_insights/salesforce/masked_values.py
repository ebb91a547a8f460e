"""Find the encrypted fields whose values Salesforce masks, from a sample of accounts."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.masking import MASKED_TYPE, all_masked
from sf_insights.domain.problems import Problem
from sf_insights.salesforce.org import SalesforceOrg

logger = logging.getLogger(__name__)

_SAMPLE = 200


def masked_in_org(org: SalesforceOrg, fields: Iterable[AccountField]) -> dict[str, bool | None]:
    """Tell for each encrypted field whether a sample of accounts shows masks; None if unknown."""
    names = [field.name for field in fields if field.type == MASKED_TYPE]
    if not names:
        return {}
    try:
        asked = org.query(f"SELECT {', '.join(names)} FROM Account LIMIT {_SAMPLE}")
        records = [ByApiName(record) for record in asked]  # the org may spell the names differently today
    except Problem as problem:
        logger.warning("It is unknown whether Salesforce masks %s. %s", ", ".join(names), problem)
        return dict.fromkeys(names)
    return {name: all_masked(record.get(name) for record in records) for name in names}
