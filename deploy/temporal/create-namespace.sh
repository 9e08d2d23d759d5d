#!/bin/sh
# Makes the namespace and its search attributes where they are missing; safe to repeat.
set -eu
until temporal operator cluster health; do sleep 2; done
temporal operator namespace describe --namespace "$NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$NAMESPACE" --retention 720h
# The server's caches learn of a new namespace within seconds.
until temporal workflow list --namespace "$NAMESPACE" --limit 1 >/dev/null 2>&1; do sleep 2; done
for name in Project Organization Provider BillingStatus Country Kind; do
  temporal operator search-attribute create --namespace "$NAMESPACE" --name "$name" --type Keyword
done
