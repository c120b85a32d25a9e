"""Teams, by the Bot Framework; nothing outside this folder knows botbuilder."""
