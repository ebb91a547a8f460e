-- Version 7 keeps hashes of the texts that raw_accounts was cast from. The next sync casts every record once more.
{% include "salesforce/record_texts.sql" %}
