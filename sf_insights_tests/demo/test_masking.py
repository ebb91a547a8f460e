"""Encrypted fields of the demo org, as a user without View Encrypted Data sees them."""

import pytest

from sf_insights.demo.back_door import DemoOrgError
from sf_insights.demo.data.masking import masked


@pytest.mark.parametrize(
    ("mask_type", "mask"),
    [
        ("all", "*********"),
        ("lastFour", "*****6789"),
        ("creditCard", "****-****-****-6789"),
        ("nino", "** ** ** ** *"),
        ("ssn", "***-**-6789"),
        ("sin", "***-**6-789"),
    ],
)
def test_each_mask_type_has_its_format(mask_type, mask):
    assert masked("123456789", mask_type, "*") == mask


def test_every_api_shows_the_mask_until_the_user_has_the_permission(org, rest):
    org.add_field("SSN__c", "SSN", "encryptedstring", value="123-45-6789", mask_type="ssn", filterable=False)
    fields = {field["name"]: field for field in rest("GET", "sobjects/Account/describe").json()["fields"]}
    described = fields["SSN__c"]
    assert (described["type"], described["encrypted"], described["maskType"]) == ("encryptedstring", True, "ssn")
    for may_see, shown in ((False, "***-**-6789"), (True, "123-45-6789")):
        org.configure(view_encrypted_data=may_see)
        [record] = rest("GET", "query", params={"q": "SELECT Id, SSN__c FROM Account LIMIT 1"}).json()["records"]
        assert record["SSN__c"] == shown
        assert rest("GET", f"sobjects/Account/{record['Id']}").json()["SSN__c"] == shown


def test_an_unknown_mask_type_is_refused(org):
    with pytest.raises(DemoOrgError, match="unknown mask: type 'first'"):
        org.add_field("X__c", "X", "encryptedstring", mask_type="first")
