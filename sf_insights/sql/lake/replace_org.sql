-- Replace the rows of one org by those read from its published file.
DELETE FROM lake.all_orgs.accounts WHERE org = $org;
INSERT INTO lake.all_orgs.accounts FROM org_accounts;
DELETE FROM lake.all_orgs.orgs WHERE org = $org;
INSERT INTO lake.all_orgs.orgs FROM org_state;
