"""SOQL: parsed, and translated to SQL on the store."""
