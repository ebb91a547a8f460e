"""The rules about the history that Salesforce keeps."""
