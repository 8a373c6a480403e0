#!/usr/bin/env bash
# Writes mailhosts.txt and mailhosts.licences.txt from the newest versions of the npm packages free-email-domains and
# email-providers. Read the diff: what is added is refused to customers from then on, what they have proven stays.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for package in free-email-domains email-providers; do
  mkdir "$work/$package"
  (cd "$work" && tar -xzf "$(npm pack --silent "$package")" -C "$package" --strip-components=1)
done
python3 - "$work" <<'CODE'
import json, re, sys
work = sys.argv[1]
def read(name):
    with open(f"{work}/{name}", encoding="utf-8") as f:
        return json.load(f)
hosts = set(read("free-email-domains/domains.json")) | set(read("email-providers/all.json"))
# What both miss, and whose subdomains belong to different owners.
hosts |= {"tutanota.com", "tutanota.de", "tutamail.com", "tuta.com", "keemail.me", "onmicrosoft.com", "privaterelay.appleid.com", "simplelogin.com"}
# Reserved for documentation (RFC 2606): nobody gives addresses there, and nobody can prove them.
hosts -= {"example.com", "example.net", "example.org"}
hosts = {h.strip().strip(".").lower().encode("idna").decode() for h in hosts if h.strip()}
hosts = {h for h in hosts if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", h)}
def above(h):
    while "." in h:
        h = h.split(".", 1)[1]
        yield h
hosts = {h for h in hosts if not any(a in hosts for a in above(h))} # a domain stands for all under it
with open("mailhosts.txt", "w", encoding="ascii") as f:
    f.writelines(h + "\n" for h in sorted(hosts))
with open("mailhosts.licences.txt", "w", encoding="utf-8") as f:
    for name, file in ("free-email-domains", "LICENSE.md"), ("email-providers", "license.md"):
        version = read(name + "/package.json")["version"]
        with open(f"{work}/{name}/{file}", encoding="utf-8") as text:
            f.write(f"mailhosts.txt holds the domains of {name} {version}:\n\n{text.read().strip()}\n\n")
CODE
wc -l mailhosts.txt
