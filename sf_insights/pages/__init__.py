"""The settings pages: what an administrator selects, labels and watches, in a browser and without YAML."""
