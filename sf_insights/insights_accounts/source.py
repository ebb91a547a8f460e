"""The source that the administrator's file names."""

from collections.abc import Mapping
from pathlib import Path

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.insights_accounts.files import FileAccounts
from sf_insights.insights_accounts.landed_list import AccountSource
from sf_insights.insights_accounts.zuora import ZuoraAccounts
from sf_insights.insights_accounts.zuora_credentials import zuora_credentials
from sf_insights.transport.retry import RetryPolicy


def account_source(
    setting: str, environment: Mapping[str, str], base: Path, *, retry: RetryPolicy | None = None
) -> AccountSource:
    """Return the source that `insights_accounts` names: "zuora", or a path, which `base` completes when relative.

    Raises:
        ConfigurationProblem: the ZUORA_* variables are incomplete, or the file is of another kind.
    """
    if setting.strip().lower() == "zuora":
        return ZuoraAccounts(zuora_credentials(environment), environment, retry=retry)
    try:
        return FileAccounts(base / Path(setting).expanduser())
    except RuntimeError:
        raise ConfigurationProblem(
            f"insights_accounts names {setting}, and there is no such user here.", "Write the whole path."
        ) from None
