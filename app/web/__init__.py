"""The browser's own endpoints beside the pages: login, work, chat, media and assets."""
