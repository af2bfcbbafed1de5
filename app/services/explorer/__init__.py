"""The contents of the explorer's pages, before they are rendered."""
