"""Account describes like those of real orgs, with managed packages, person accounts and formulas (names invented)."""

from typing import Any

# Every key of a field entry, as API 48 and later return it.
_ENTRY: dict[str, Any] = {
    "aggregatable": True,
    "aiPredictionField": False,
    "autoNumber": False,
    "byteLength": 0,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "createable": True,
    "custom": False,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": False,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": 0,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "extraTypeInfo": None,
    "filterable": True,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "groupable": True,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "idLookup": False,
    "inlineHelpText": None,
    "label": "",
    "length": 0,
    "mask": None,
    "maskType": None,
    "name": "",
    "nameField": False,
    "namePointing": False,
    "nillable": True,
    "permissionable": True,
    "picklistValues": [],
    "polymorphicForeignKey": False,
    "precision": 0,
    "queryByDistance": False,
    "referenceTargetField": None,
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": False,
    "scale": 0,
    "searchPrefilterable": False,
    "soapType": "xsd:string",
    "sortable": True,
    "type": "string",
    "unique": False,
    "updateable": True,
    "writeRequiresMasterRead": False,
}

_STANDARD = (
    "Id id|IsDeleted boolean|MasterRecordId reference|Name string|Type picklist|RecordTypeId reference|"
    "ParentId reference|Phone phone|Fax phone|AccountNumber string|Website url|PhotoUrl url|Sic string|"
    "Industry picklist|AnnualRevenue currency 18,0|NumberOfEmployees int|Ownership picklist|TickerSymbol string|"
    "Description textarea|Rating picklist|Site string|OwnerId reference|CreatedDate datetime|CreatedById reference|"
    "LastModifiedDate datetime|LastModifiedById reference|SystemModstamp datetime|LastActivityDate date|"
    "LastViewedDate datetime|LastReferencedDate datetime|IsPartner boolean|Jigsaw string|CleanStatus picklist|"
    "AccountSource picklist|DunsNumber string|NaicsCode string|YearStarted string|SicDesc string|"
    "OperatingHoursId reference|CurrencyIsoCode picklist|Tier string"
)
_ADDRESS = ("Street textarea", "City string", "State string", "PostalCode string", "Country string")
_POINT = ("Latitude double 18,15", "Longitude double 18,15", "GeocodeAccuracy picklist")
_PERSON = (
    "IsPersonAccount boolean|FirstName string|LastName string|Salutation picklist|MiddleName string|Suffix string|"
    "PersonContactId reference|PersonEmail email|PersonTitle string|PersonBirthdate date|PersonMobilePhone phone|"
    "PersonHasOptedOutOfEmail boolean|PersonLastCURequestDate datetime|PersonEmailBouncedReason string|"
    "PersonIndividualId reference|PersonLeadSource picklist|Score__pc double 5,2|Preferred_Times__pc multipicklist"
)
# Fields that managed packages and administrators add, in turn.
_CUSTOM = (
    "Level picklist",
    "Amount currency 16,2",
    "Share percent 5,2",
    "Share_Exact percent 18,16",
    "Count double 18,0",
    "Ratio double 18,18",
    "Total_Rows long",
    "Rank int",
    "Is_Active boolean",
    "Start date",
    "Checked_At datetime",
    "Opens time",
    "Notes textarea",
    "Tags multipicklist",
    "Contact_Email email",
    "Portal url",
    "Hotline phone",
    "Secret encryptedstring",
    "Owner_Unit reference",
    "Choice combobox",
    "Code string",
    "No_Places double 0,0",
)
_FORMULAS = ("string", "double 18,4", "currency 18,2", "percent 18,2", "boolean", "date", "datetime", "time", "int")
FORMULAS = 38
SIZES = {68: [], 120: ["pkg"], 250: ["pkg", "quotes2", "a_longer_name1"], 343: ["pkg", "quotes2", "firm_x", "geo9"]}


def describe(size: int) -> dict[str, Any]:
    """Return a describe of this many fields: packages and 38 formulas from 120, person accounts above that."""
    packages = SIZES[size]
    fields = [_field(*entry.split()) for entry in _STANDARD.split("|")]
    has_persons = size > 120
    kinds = ("Billing", "Shipping", "Person") if has_persons else ("Billing", "Shipping")
    for kind in kinds:
        compound = f"{kind}{'Mailing' if kind == 'Person' else ''}Address"
        stem = compound.removesuffix("Address")
        fields += [_field(*f"{stem}{part}".split(), compoundFieldName=compound) for part in (*_ADDRESS, *_POINT)]
        fields.append(_field(compound, "address", soapType="urn:address", filterable=False))
    if has_persons:
        fields += [_field(*entry.split()) for entry in _PERSON.split("|")]
    if packages:
        for number in range(FORMULAS):
            kind = _FORMULAS[number % len(_FORMULAS)]
            name = f"{packages[number % len(packages)]}__Calc_{number}__c"
            fields.append(_field(name, *kind.split(), calculated=True, calculatedFormula="1 + 1", createable=False))
    prefixes = ["", *(f"{package}__" for package in packages)]
    number = 0
    while len(fields) < size:
        base, *shape = _CUSTOM[number % len(_CUSTOM)].split()
        prefix = prefixes[number % len(prefixes)]
        fields.append(_field(f"{prefix}{base}_{number}__c", *shape))
        number += 1
    return {"name": "Account", "label": "Account", "keyPrefix": "001", "fields": fields}


def _field(name: str, type_: str, digits: str = "0,0", **changed: Any) -> dict[str, Any]:
    precision, scale = (int(part) for part in digits.split(","))
    label = name.removesuffix("__c").replace("_", " ") + " \N{LATIN SMALL LETTER U WITH DIAERESIS}"
    own = {"name": name, "label": label, "type": type_, "precision": precision, "scale": scale}
    return _ENTRY | own | {"custom": name.endswith(("__c", "__pc"))} | changed
