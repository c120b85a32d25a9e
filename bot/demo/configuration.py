"""Configurations: the commented one that `init` writes, and the demo company's."""

COMMENTED = """\
# aispend: what AI use costs, brought to those who cause it.

[organisation]
name = "Our organisation"
currency = "USD"          # the one reporting currency
privacy = "standard"      # open, standard or works_council
fiscal_year_start = 1     # month in which quarters and years begin
# rates = "rates.csv"     # date,currency,rate: needed where bills come in other currencies

[store]
url = "sqlite:///aispend.db"   # or postgresql://user@host/aispend; AISPEND_STORE_URL replaces it

[engine]
memory = "900MB"

# One section per place where cost is recorded. Kinds: focus, claude_csv, cur, litellm, csv.
# [[sources]]
# name = "openai"
# kind = "focus"
# path = "exports/openai"            # file, glob, folder, s3://bucket/prefix
# principal = "x_PrincipalId"        # a column, or Tags.key
# project = "SubAccountName"

# [[sources]]
# name = "claude"
# kind = "claude_csv"
# path = "exports/claude"            # claude-spend-2026-11-01.csv, one file a day

[ingest]
every = 60                # minutes between loads of the sources while `aispend serve` runs; 0: something else runs `aispend ingest`

# Rules in order; the first that fits decides. Without one the person's own team owns the cost.
# [[allocation]]
# name = "tagged"
# when = { "tag:team" = "*" }
# team = "tag:team"
#
# [[allocation]]
# name = "seats"
# when = { category = "purchase" }
# share = "even"                     # even, share (with weights) or usage
# among = ["search", "support"]

# Where two sources describe the same account, say which one states its cost.
# [records]
# "openai" = "openai"
"""

DEMO = """\
[organisation]
name = "Nordwind"
currency = "USD"
rates = "rates.csv"

[[sources]]
name = "openai"
kind = "focus"
path = "exports/openai"
principal = "x_PrincipalId"
project = "SubAccountName"

[[sources]]
name = "claude"
kind = "claude_csv"
path = "exports/claude"

[[sources]]
name = "aws"
kind = "cur"
path = "exports/aws"

[[sources]]
name = "gateway"
kind = "litellm"
path = "exports/gateway/spend_logs.csv"

[[allocation]]
name = "seats"
when = { category = "purchase" }
share = "even"
among = ["platform", "search", "support", "marketing", "sales", "finance"]

[[allocation]]
name = "tagged"
when = { "tag:team" = "*" }
team = "tag:team"
"""
