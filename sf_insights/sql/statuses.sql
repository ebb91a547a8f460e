{# Lists of statuses that several files need. #}
{% set matched = "('matched', 'matched_by_merge')" %}
{% set visible = "('active', 'paused')" %}
