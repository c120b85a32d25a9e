"""aispend: what each person's and team's AI use costs, brought to where they already are."""
