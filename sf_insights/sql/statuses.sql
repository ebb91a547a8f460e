{# Lists of statuses that several files need, from the tuples that every file receives. #}
{% set matched = matched_statuses | literals %}
{% set visible = visible_statuses | literals %}
