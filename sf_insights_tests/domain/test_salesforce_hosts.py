import pytest

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.domain.salesforce_hosts import login_host

HOSTS = {
    "login": "login.salesforce.com",
    "test": "test.salesforce.com",
    "na35": "na35.salesforce.com",
    "acme.my": "acme.my.salesforce.com",
    "acme--uat.sandbox.my": "acme--uat.sandbox.my.salesforce.com",
    "acme-dev-ed.develop.my": "acme-dev-ed.develop.my.salesforce.com",
    "acme.my.salesforce.com": "acme.my.salesforce.com",
    " HTTPS://Acme--UAT.sandbox.my.salesforce.com/ ": "acme--uat.sandbox.my.salesforce.com",
    "https://login.salesforce.com/services/oauth2/token": "login.salesforce.com",
    "acme.my.salesforce.mil": "acme.my.salesforce.mil",
    "acme--uat.sandbox.my.salesforce.mil": "acme--uat.sandbox.my.salesforce.mil",
    "acme.cloudforce.com": "acme.cloudforce.com",
    "acme.cloudforce.mil": "acme.cloudforce.mil",
    "acme.my.sfcrmproducts.cn": "acme.my.sfcrmproducts.cn",
    "acme.my.sfcrmapps.cn": "acme.my.sfcrmapps.cn",
    # URLs that people paste from a browser.
    "https://acme.lightning.force.com/lightning/r/Account/001/view?ws=1": "acme.my.salesforce.com",
    "acme--uat.sandbox.lightning.force.com": "acme--uat.sandbox.my.salesforce.com",
    "acme.trailblaze.lightning.force.com": "acme.trailblaze.my.salesforce.com",
    "https://acme.my.salesforce-setup.com/lightning/setup/SetupOneHome/home": "acme.my.salesforce.com",
    "acme--uat.sandbox.my.salesforce-setup.com": "acme--uat.sandbox.my.salesforce.com",
    "acme.lightning.crmforce.mil": "acme.my.salesforce.mil",
    "acme--uat.sandbox.lightning.crmforce.mil": "acme--uat.sandbox.my.salesforce.mil",
    "acme.lightning.sfcrmapps.cn": "acme.my.sfcrmproducts.cn",
    "acme.setup.sfcrmproducts.cn": "acme.my.sfcrmproducts.cn",
}


@pytest.mark.parametrize(("written", "host"), HOSTS.items())
def test_an_address_is_resolved_to_the_host_of_its_api(written, host):
    assert login_host(written) == host


@pytest.mark.parametrize(
    "written",
    [
        "acme--c.vf.force.com",
        "acme--c.na35.visual.force.com",
        "acme.my.site.com",
        "acme.my.salesforce-sites.com",
        "acme.my.salesforce.com.mcas.ms",
        "acme.crmforce.mil",
        "evil.example",
        "evil.example/x",
        "login.salesforce.com.evil.example",
        "salesforce.com.evil",
    ],
)
def test_a_host_without_a_salesforce_api_is_refused_by_name(written):
    with pytest.raises(ConfigurationProblem) as problem:
        login_host(written)
    assert written.split("/")[0] in problem.value.what
    assert "acme.my.salesforce.com" in problem.value.remedy


@pytest.mark.parametrize(
    "written",
    [
        "http://acme.my",
        "acme my",
        "user@acme.my",
        "acme.my:8443",
        "ftp://acme.my",
        "https://",
        "https://[",
        "-acme",
        "",
    ],
)
def test_an_invalid_host_is_refused(written):
    with pytest.raises(ConfigurationProblem, match=r"not a Salesforce host name.*acme\.my\.salesforce\.com"):
        login_host(written)
