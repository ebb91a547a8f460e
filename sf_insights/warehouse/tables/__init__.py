"""What is in the warehouse, one file per table or group of tables."""
