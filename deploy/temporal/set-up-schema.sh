#!/bin/sh
# Brings both databases to the schema of these tools' version; safe to repeat, and the first step of an upgrade.
# The databases themselves are made by the superuser (deploy/postgres/create-roles.sh): this role may not.
set -eu
keep() {
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema --schema-name "postgresql/v12/$2"
}
keep temporal temporal
keep temporal_visibility visibility
