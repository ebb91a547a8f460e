"""More columns of Zuora's Account, which the setting `zuora_columns` adds to the list of Insights accounts.

`insights.accounts` names them like its other columns: CreditBalance is `credit_balance`, Region__c is `region__c`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.dictionary import ACCOUNT_COLUMNS
from sf_insights.domain.fields.field_types import ColumnType
from sf_insights.domain.problems import ConfigurationProblem

# The columns that every list has, and their names in insights.accounts.
ALWAYS_READ = {
    "Id": "account_id",
    "AccountNumber": "account_number",
    "Name": "account_name",
    "CrmId": "crm_account_id",
    "Status": "account_status",
}

PAUSED_REMEDY = (
    "Correct its name in zuora_columns, or let the OAuth client's user read it; the next sync asks for it again."
)

_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[A-Za-z0-9_]*__(?:[cC]|NS))?")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_AMOUNT = ColumnType("decimal", 16, 2)  # wider values widen the column
_TEXT = ColumnType("text")
_TYPES: ByApiName[ColumnType] = ByApiName(
    (name, column)
    for column, names in (
        (
            _AMOUNT,
            "Balance CreditBalance MRR ReservedPaymentAmount TotalDebitMemoBalance TotalInvoiceBalance "
            "UnappliedBalance UnappliedCreditMemoAmount",
        ),
        (ColumnType("integer"), "BillCycleDay"),
        (
            ColumnType("boolean"),
            "AllowInvoiceEdit AutoPay InvoiceDeliveryPrefsEmail InvoiceDeliveryPrefsPrint PartnerAccount "
            "PaymentMethodCascadingConsent",
        ),
        (ColumnType("date"), "LastInvoiceDate TaxExemptEffectiveDate TaxExemptExpirationDate"),
        (ColumnType("timestamp"), "CreatedDate LastMetricsUpdate UpdatedDate"),
        (
            _TEXT,
            "AdditionalEmailAddresses Batch BcdSettingOption BillToId CommunicationProfileId CreatedById Currency "
            "CustomerServiceRepName DefaultPaymentMethodId InvoiceTemplateId Notes ParentId PaymentGateway PaymentTerm "
            "PurchaseOrderNumber SalesRepName SequenceSetId SoldToId TaxCompanyCode TaxExemptCertificateID "
            "TaxExemptCertificateType TaxExemptDescription TaxExemptIssuingJurisdiction TaxExemptStatus UpdatedById "
            "VATId",
        ),
    )
    for name in names.split()
)
_MEANINGS = {
    "AutoPay": "Whether payment runs collect what is due",
    "Balance": "What the customer owes: the open invoices",
    "Batch": "The group in which the account is billed",
    "BillCycleDay": "The day of the month on which the account is billed",
    "CreditBalance": "The credit that is not applied to an invoice yet",
    "Currency": "The ISO code of the currency in which Zuora bills the account",
    "LastInvoiceDate": "The date of the latest invoice",
    "MRR": "Monthly recurring revenue",
}


def column_type(name: str) -> ColumnType:
    """Return the type of a column of Zuora's Account; text if it is not known, as for custom fields.

    Source: Zuora, "Account: field descriptions" and "Date related fields in SOAP".
    """
    return _TYPES.get(name, _TEXT)


def column_meaning(name: str) -> str:
    """Return the comment of a column in insights.accounts."""
    meaning = _MEANINGS.get(name)
    return f"{meaning}. Zuora: {name}" if meaning else f"Zuora: {name}"


def insights_name(name: str) -> str:
    """Return the name of a column in insights.accounts, which differs from that view's other columns.

    Zuora's Currency is `zuora_currency`, since `currency` is that of the Salesforce amounts.
    """
    words = _WORDS.sub("_", name).lower()
    return f"zuora_{words}" if words in ACCOUNT_COLUMNS else words


def zuora_column(name: str) -> str:
    """Return the name of a column as Zuora spells it, as far as it is known.

    Raises:
        ValueError: it is not an API name, or the column is always read; the message says what to write instead.
    """
    if not _API_NAME.fullmatch(name):
        raise ValueError(
            "must be the API name of a column of Zuora's Account, such as CreditBalance; custom fields end in __c"
        )
    for always, column in ALWAYS_READ.items():
        if name.casefold() == always.casefold():
            raise ValueError(f"is always read, as {column}; remove it from the list")
    return _TYPES.spelling(name)


def check_zuora_columns(columns: Sequence[str], selected: Iterable[str]) -> None:
    """Check that every column has its own name in insights.accounts.

    Args:
        columns: the setting `zuora_columns`.
        selected: the API names under the file's `fields:`.

    Raises:
        ConfigurationProblem: names both columns, and says what to do.
    """
    fields = ByApiName((name, name) for name in selected)
    seen: ByApiName[str] = ByApiName()
    for number, name in enumerate(columns, 1):
        where, column = f"zuora_columns, entry {number} ({name})", insights_name(name)
        if column in seen and seen[column].casefold() == name.casefold():
            raise ConfigurationProblem(f"{where}: the column is listed twice.", "Keep one of the two entries.")
        if column in seen:
            raise ConfigurationProblem(
                f"{where}: insights.accounts would have two columns {column}, this one and {seen[column]}.",
                "Remove one of the two entries.",
            )
        if column in fields:
            raise ConfigurationProblem(
                f"{where}: insights.accounts would have two columns {column}, this one and the field {fields[column]}.",
                "Remove the entry, or the field under `fields:`.",
            )
        seen[column] = name
