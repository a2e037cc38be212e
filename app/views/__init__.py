"""Pages: one file, one page, one script. Nothing is defined here; a page gets, draws and acts."""
