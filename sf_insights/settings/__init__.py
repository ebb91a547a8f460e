"""The environment and the administrator's YAML file."""
