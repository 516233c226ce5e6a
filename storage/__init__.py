"""Everything that is kept: jobs, money, settings and finished files. Every SQL word lives here."""
