"""The Account fields of the demo org: the standard ones, and custom ones that cover every other type.

Source: Salesforce Object Reference, "Account", and describe calls of real orgs.
"""

import dataclasses

from sf_insights.demo.data.fields import Field, long_text, lookup, number, picklist, read_only, text

TYPES = (
    "Prospect",
    "Customer - Direct",
    "Customer - Channel",
    "Channel Partner / Reseller",
    "Installation Partner",
    "Technology Partner",
    "Other",
)
INDUSTRIES = (
    "Agriculture",
    "Apparel",
    "Banking",
    "Biotechnology",
    "Chemicals",
    "Communications",
    "Construction",
    "Consulting",
    "Education",
    "Electronics",
    "Energy",
    "Engineering",
    "Entertainment",
    "Environmental",
    "Finance",
    "Food & Beverage",
    "Government",
    "Healthcare",
    "Hospitality",
    "Insurance",
    "Machinery",
    "Manufacturing",
    "Media",
    "Not For Profit",
    "Recreation",
    "Retail",
    "Shipping",
    "Technology",
    "Telecommunications",
    "Transportation",
    "Utilities",
    "Other",
)
RATINGS = ("Hot", "Warm", "Cold")
OWNERSHIPS = ("Public", "Private", "Subsidiary", "Other")
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
CLEAN_STATUSES = (
    "Matched",
    "Different",
    "Acknowledged",
    "NotFound",
    "Inactive",
    "Pending",
    "SelectMatch",
    "Skipped",
)
GEOCODE_ACCURACIES = (
    "Address",
    "NearAddress",
    "Block",
    "Street",
    "ExtendedZip",
    "Zip",
    "Neighborhood",
    "City",
    "County",
    "State",
    "Unknown",
)
SLAS = ("Platinum", "Gold", "Silver", "Bronze")
REGIONS = ("AMER", "APAC", "EMEA", "LATAM", "Nordics & Baltics", "UK & Ireland")
ACTIVE = ("Yes", "No")
PRIORITIES = ("High", "Medium", "Low")
UPSELL = ("Yes", "Maybe", "No")
SEGMENTS = ("Enterprise", "Mid-Market", "SMB")
CURRENCIES = ("USD", "EUR", "GBP", "JPY", "SEK")
HEALTH = ("Good", "Watch", "Poor")
LETTERS = ("A", "B", "C")
PRODUCTS = ("Billing", "Payments", "Revenue")


def _address(kind: str) -> list[Field]:
    compound = f"{kind}Address"
    return [
        Field(f"{kind}Street", f"{kind} Street", "textarea", length=255, compound=compound),
        text(f"{kind}City", f"{kind} City", 40, compound=compound),
        text(f"{kind}State", f"{kind} State/Province", 80, compound=compound),
        text(f"{kind}PostalCode", f"{kind} Zip/Postal Code", 20, compound=compound),
        text(f"{kind}Country", f"{kind} Country", 80, compound=compound),
        number(f"{kind}Latitude", f"{kind} Latitude", "double", 18, 15, compound=compound),
        number(f"{kind}Longitude", f"{kind} Longitude", "double", 18, 15, compound=compound),
        picklist(f"{kind}GeocodeAccuracy", f"{kind} Geocode Accuracy", GEOCODE_ACCURACIES, compound=compound),
        Field(compound, f"{kind} Address", "address"),
    ]


STANDARD = [
    read_only("Id", "Account ID", "id", id_lookup=True),
    read_only("IsDeleted", "Deleted", "boolean"),
    lookup(
        "MasterRecordId",
        "Master Record ID",
        "Account",
        "MasterRecord",
        editable=False,
        permissionable=False,
    ),
    text(
        "Name",
        "Account Name",
        255,
        nillable=False,
        name_field=True,
        compound="Name",
        extra="switchablepersonname",
        permissionable=False,
    ),
    picklist("Type", "Account Type", TYPES),
    lookup("RecordTypeId", "Record Type ID", "RecordType", "RecordType", permissionable=False),
    lookup("ParentId", "Parent Account ID", "Account", "Parent"),
    *_address("Billing"),
    *_address("Shipping"),
    Field("Phone", "Account Phone", "phone", length=40),
    Field("Fax", "Account Fax", "phone", length=40),
    text("AccountNumber", "Account Number", 40),
    Field("Website", "Website", "url", length=255),
    Field("PhotoUrl", "Photo URL", "url", length=255, editable=False, permissionable=False, extra="imageurl"),
    text("Sic", "SIC Code", 20),
    picklist("Industry", "Industry", INDUSTRIES, help_text="The main business of the company."),
    number("AnnualRevenue", "Annual Revenue", "currency", 18, 0),
    Field("NumberOfEmployees", "Employees", "int", digits=8),
    picklist("Ownership", "Ownership", OWNERSHIPS),
    text("TickerSymbol", "Ticker Symbol", 20),
    long_text("Description", "Account Description", 32000),
    picklist("Rating", "Account Rating", RATINGS),
    text("Site", "Account Site", 80),
    lookup("OwnerId", "Owner ID", "User", "Owner", nillable=False, permissionable=False),
    read_only("CreatedDate", "Created Date", "datetime"),
    read_only("CreatedById", "Created By ID", "reference", reference_to=("User",), relationship="CreatedBy"),
    read_only("LastModifiedDate", "Last Modified Date", "datetime"),
    read_only(
        "LastModifiedById", "Last Modified By ID", "reference", reference_to=("User",), relationship="LastModifiedBy"
    ),
    read_only("SystemModstamp", "System Modstamp", "datetime"),
    read_only("LastActivityDate", "Last Activity", "date", nillable=True),
    read_only("LastViewedDate", "Last Viewed Date", "datetime", nillable=True),
    read_only("LastReferencedDate", "Last Referenced Date", "datetime", nillable=True),
    read_only("IsPartner", "Partner Account", "boolean"),
    read_only("IsCustomerPortal", "Customer Portal Account", "boolean"),
    text("ChannelProgramName", "Channel Program Name", 255, editable=False, filterable=False),
    text("ChannelProgramLevelName", "Channel Program Level Name", 255, editable=False, filterable=False),
    text("Jigsaw", "Data.com Key", 20),
    text("JigsawCompanyId", "Jigsaw Company ID", 20, editable=False),
    picklist("CleanStatus", "Clean Status", CLEAN_STATUSES),
    picklist("AccountSource", "Account Source", SOURCES),
    text("DunsNumber", "D-U-N-S Number", 9),
    text("Tradestyle", "Tradestyle", 255),
    text("NaicsCode", "NAICS Code", 8),
    text("NaicsDesc", "NAICS Description", 120),
    text("YearStarted", "Year Started", 4),
    text("SicDesc", "SIC Description", 80),
    lookup("DandbCompanyId", "D&B Company ID", "DandBCompany", "DandbCompany"),
    lookup("OperatingHoursId", "Operating Hour ID", "OperatingHours", "OperatingHours"),
]

CURRENCY = picklist(
    "CurrencyIsoCode", "Account Currency", CURRENCIES, restricted=True, nillable=False, permissionable=False
)

CUSTOM = [
    picklist("SLA__c", "SLA", SLAS, restricted=True, help_text="The level of service the customer has bought."),
    Field("SLAExpirationDate__c", "SLA Expiration Date", "date"),
    text("SLASerialNumber__c", "SLA Serial Number", 10),
    picklist("Active__c", "Active", ACTIVE),
    picklist("CustomerPriority__c", "Customer Priority", PRIORITIES),
    picklist("UpsellOpportunity__c", "Upsell Opportunity", UPSELL),
    number("NumberofLocations__c", "Number of Locations", "double", 3, 0),
    number("ARR__c", "ARR", "currency", 18, 2, help_text="Annual recurring revenue under contract."),
    number("Balance__c", "Balance", "currency", 18, 2),
    number("Score__c", "Score", "percent", 5, 2),
    number("Margin__c", "Margin", "percent", 16, 2),
    number("NPS__c", "NPS", "double", 3, 0),
    number("Exposure__c", "Exposure", "double", 18, 8),
    Field("Is_Key__c", "Key Account", "boolean", nillable=False),
    Field("Regions__c", "Regions", "multipicklist", length=4099, values=REGIONS),
    Field("Support_Open__c", "Support Opens", "time"),
    Field("Support_Close__c", "Support Closes", "time"),
    long_text("Notes_Rich__c", "Notes", 131072, rich_text=True),
    long_text("Internal_Notes__c", "Internal Notes", 32768),
    Field("Tax_Id__c", "Tax ID", "encryptedstring", length=175, filterable=False),
    text("ERP_Id__c", "ERP ID", 30, unique=True, external_id=True, id_lookup=True, case_sensitive=True),
    text("Legacy_Code__c", "Legacy Code", 20),
    Field("Billing_Email__c", "Billing Email", "email", length=80),
    Field("Support_Phone__c", "Support Phone", "phone", length=40),
    Field("Founded__c", "Founded", "date"),
    Field("Contract_End__c", "Contract End", "date"),
    Field("Last_Health_Check__c", "Last Health Check", "datetime"),
    number("Days_Since_Touch__c", "Days Since Touch", "double", 18, 0, formula="TODAY() - LastActivityDate"),
    number(
        "Revenue_Per_Employee__c",
        "Revenue per Employee",
        "currency",
        18,
        2,
        formula="AnnualRevenue / NumberOfEmployees",
    ),
    Field("Is_Enterprise__c", "Enterprise", "boolean", nillable=False, formula="NumberOfEmployees > 1000"),
    text("Health_Summary__c", "Health Summary", 1300, formula='Rating & " / " & TEXT(CustomerPriority__c)'),
    text("Acct_No__c", "Account No.", 30, nillable=False, auto_number=True),
    number("HQ__Latitude__s", "HQ (Latitude)", "double", 17, 14, compound="HQ__c"),
    number("HQ__Longitude__s", "HQ (Longitude)", "double", 17, 14, compound="HQ__c"),
    Field("HQ__c", "HQ", "location"),
    lookup("Parent_Region__c", "Parent Region", "Region__c", "Parent_Region__r"),
    text("Unused__c", "Unused", 255),
    picklist("ns__Segment__c", "Segment", SEGMENTS),
    number("ns__Health__c", "Health", "double", 5, 2),
]

# Fields made for values from Insights: every type that a client writes. Generated records leave them empty.
FOR_INSIGHTS = [
    text("Insights_Status__c", "Insights Status", 40),
    number("Insights_Balance__c", "Insights Balance", "currency", 16, 2),
    number("Insights_MRR__c", "Insights MRR", "currency", 16, 2),
    number("Insights_Accounts__c", "Insights Accounts", "double", 6, 0),
    number("Insights_Score__c", "Insights Score", "double", 10, 8),
    number("Insights_Trend__c", "Insights Trend", "percent", 5, 1),
    picklist("Insights_Health__c", "Insights Health", HEALTH, restricted=True),
    picklist("Insights_Segment__c", "Insights Segment", LETTERS),
    Field("Insights_Products__c", "Insights Products", "multipicklist", length=4099, values=PRODUCTS),
    Field("Insights_Autopay__c", "Insights Autopay", "boolean", nillable=False),
    Field("Insights_Renewal__c", "Insights Renewal", "date"),
    Field("Insights_Last_Invoice__c", "Insights Last Invoice", "datetime"),
    long_text("Insights_Notes__c", "Insights Notes", 32768),
    Field("Insights_Contact__c", "Insights Contact", "email", length=80),
    Field("Insights_Site__c", "Insights Site", "url", length=255),
    text("Insights_Reference__c", "Insights Reference", 20, unique=True, id_lookup=True),
]

# What an administrator ticked under Set History Tracking; 20 fields at most.
TRACKED = frozenset(
    {
        "Name",
        "Type",
        "Industry",
        "AnnualRevenue",
        "NumberOfEmployees",
        "Rating",
        "Description",
        "OwnerId",
        "CurrencyIsoCode",
        "SLA__c",
        "SLAExpirationDate__c",
        "ARR__c",
        "Score__c",
        "Is_Key__c",
        "Regions__c",
        "Legacy_Code__c",
        "Last_Health_Check__c",
    }
)


def account_fields(multi_currency: bool) -> list[Field]:
    """Return the Account fields in describe order; CurrencyIsoCode only in a multi-currency org."""
    fields = [*STANDARD, *([CURRENCY] if multi_currency else []), *CUSTOM, *FOR_INSIGHTS]
    return [dataclasses.replace(field, tracked=field.name in TRACKED) for field in fields]
