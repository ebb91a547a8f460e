-- One set of credentials, for this connection only.
CREATE SECRET {{ called | identifier }} (
    TYPE {{ type | identifier }}
{% for option, value in options.items() %}
    , {{ option | identifier }} {{ value | literal }}
{% endfor %}
);
