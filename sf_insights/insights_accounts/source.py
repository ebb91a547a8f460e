"""Choose the source of Insights accounts that the setting `insights_accounts` names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.insights_accounts.files import FileAccounts
from sf_insights.insights_accounts.landed_list import AccountSource
from sf_insights.insights_accounts.zuora import ZuoraAccounts
from sf_insights.insights_accounts.zuora_credentials import zuora_credentials
from sf_insights.transport.retry import RetryPolicy


def account_source(
    setting: str,
    environment: Mapping[str, str],
    base: Path,
    *,
    extra: Sequence[str] = (),
    retry: RetryPolicy | None = None,
) -> AccountSource:
    """Return the source for "zuora" or for the path of a file; a relative path starts at `base`.

    `extra` are the columns that the setting `zuora_columns` adds.

    Raises:
        ConfigurationProblem: the ZUORA_* variables are incomplete, or the file is neither CSV nor Parquet.
    """
    if setting.strip().lower() == "zuora":
        return ZuoraAccounts(zuora_credentials(environment), environment, extra=extra, retry=retry)
    try:
        return FileAccounts(base / Path(setting).expanduser(), extra)
    except RuntimeError:
        raise ConfigurationProblem(
            f"insights_accounts is {setting}, but this user does not exist.", "Write the full path."
        ) from None
