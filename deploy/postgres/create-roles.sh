#!/bin/sh
# Runs once, when the volume is new: a role and its databases for Temporal, and for us. Neither reads the other's.
set -eu
psql -v ON_ERROR_STOP=1 -v temporal="$TEMPORAL_DB_PASSWORD" -v billing="$BILLING_DB_PASSWORD" \
  --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role temporal login password :'temporal';
create role billing login password :'billing';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
create database billing owner billing;
revoke connect on database temporal, temporal_visibility, billing from public;
SQL
