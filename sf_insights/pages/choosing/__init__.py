"""The page that selects fields: the list, the review, and the preview for ten accounts."""
