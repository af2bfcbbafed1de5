"""The explorer's page: templates, styles and scripts, with the libraries it vendors."""
