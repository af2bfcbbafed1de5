"""Catalogues: documents with their tags, as people and publishers keep them in files."""
