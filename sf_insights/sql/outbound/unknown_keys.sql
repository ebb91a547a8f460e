SELECT key FROM keys ANTI JOIN (FROM ops.found_records WHERE object = $object AND field = $field) USING (key)
ORDER BY key
