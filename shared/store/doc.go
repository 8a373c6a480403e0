// Package store is the one table: its data dictionary, its keys, and for each noun a file with the questions and changes
// that it offers. It has no rules: it writes what membership decided, on the condition that what membership read is still
// true.
//
// # Data dictionary
//
// Every item has pk, sk (keys.go) and entity. Times are RFC 3339 in UTC to the second, which sort; ttl is in seconds since
// 1970. Empty attributes are not stored.
//
//	entity             pk                              sk                              holds
//	customer           CUSTOMER#<id>                   CUSTOMER                        the record; facet CUSTOMERS by name and age; closingUntil and closingBy while it is being deleted
//	customer-word      SEARCH#CUSTOMERS#<2 chars>      <name from a word on>#<id>      finds a customer by its name
//	external-id        EXTERNAL#CUSTOMER#<external id> EXTERNAL                        reservation: which customer has it
//	external-id        EXTERNAL#USER#<customer>#<id>   EXTERNAL                        the same for a customer's users
//	only-user          CUSTOMER#<id>                   ONLYUSER                        the one user of an individual customer
//	subaccount         CUSTOMER#<id>                   CUSTOMER#SUBACCOUNT#<id>        the record
//	subaccount-count   CUSTOMER#<id>                   SUBACCOUNTS                     how many sub-accounts there are
//	domain-claim       CUSTOMER#<id>                   DOMAIN#<folded domain>          a domain that the customer claims, and since when it is proven
//	domain-count       CUSTOMER#<id>                   DOMAINS                         how many domains it has claimed
//	domain             DOMAIN#<folded domain>          DOMAIN                          reservation of a proven domain: which customer has it
//	contact-address    CONTACTADDRESS#<folded e-mail>  CUSTOMER#<id>                   finds a customer by its e-mail
//	guest-link         CUSTOMER#<id>                   GUESTLINK                       the one-time link to a customer without users
//	guest-session      SESSION#<id>                    guest#<customer>                a guest's browser; hash of the cookie's secret; ttl
//	user               USER#<id>                       RECORD#<customer>               the record
//	sign-ins           USER#<id>                       RECORD#<customer>#SIGNINS       cut-offs, signed-out token families, the password link, the temporary password's version and end
//	user-row           USER#<id>                       FACET#<facet>                   the user in one list; six indexes
//	user-row           CUSTOMER#<customer>             USER#<id>                       the same for the customer's own list
//	user-row           GROUP#<group>                   USER#<id>                       the same for the group's list
//	user-word          SEARCH#USERS#<scope>#<3 chars>  <text from a word on>#<id>      finds a user in a scope
//	projection         USER#<id>                       PROJECTION                      what search rows and counters say of the user
//	count              COUNT#<scope>                   <facet>                         how many users of the scope are under the facet; how often that changed
//	group              GROUP#<id>                      GROUP                           the record; facet GROUPS by name; closingUntil and closingBy while it is being deleted
//	group-customer     GROUP#<group>                   CUSTOMER#<customer>             a whole customer in the group; facet GROUPCUSTOMERS#<group> by name, with the customer's columns
//	group-name         GROUPNAME#<folded>              GROUPNAME                       reservation of a group's name: which group has it
//	group-count        GROUPS                          GROUPS                          how many groups there are
//	login              LOGIN#<folded>                  LOGIN                           reservation of a username or e-mail: which user has it
//	address-elsewhere  CUSTOMER#<customer>             ELSEWHERE#<folded>              an address that is invited here but signs in for another customer
//	invitation         INVITATION#<id>                 CUSTOMER#<customer>             the record; facet INVITATIONS#<customer> by age, also byName where the provider lists it; due for expiry and retention
//	settings           SETTINGS                        SETTINGS                        what staff administrators decide for all
//	registration       REGISTRATION#<id>               CUSTOMER#<customer>             the record; facet REGISTRATIONS##<status> by age; due for expiry, reminder and retention
//	registration-row   REGISTRATION#<id>               ROW#<customer>                  the same for the customer's own list: facet REGISTRATIONS#<customer>#<status> by age
//	registration-open  REGISTERING#<folded address>    REGISTERING                     reservation of an address by its one unconfirmed registration
//	mail               MAIL#<id>                       MAIL                            the outbox; due while queued; ttl when done
//	job                JOB#<id>                        CUSTOMER#<customer>             work in steps; facet JOBS#<customer>#<user>#<kind> by age if somebody asked for it; due until it has ended; ttl 30 days after
//	import             IMPORT#<id>                     CUSTOMER#<customer>             a file of people to invite: what was asked for, and the job that says how far it is; facet IMPORTS#<customer>#<user> of the person who began it, by age; ttl when its files are deleted
//	audit              CUSTOMER#<id>#AUDIT#<yyyy-mm>   <time>#<id>                     one entry for every change
//	idempotency-key    KEY#<actor>                     <route>#<row>#<key>             hash of the body and the ids made; ttl 24 hours
//	session            SESSION#<id>                    <door>#<customer>#<user>        a signed-in browser; hash of the cookie's secret; ttl
//	avatar-upload      USER#<id>                       AVATAR#<customer>               the last uploaded picture, until a worker has judged it and for a week after; ttl
//	attempts           ATTEMPTS#<folded login>         ATTEMPTS                        failed sign-ins; ttl 24 hours
//	throttle           THROTTLE#<name>#<subject>       <start of the window>           events counted; ttl
//	digest             USER#<inviter>                  DIGEST#<customer>#<day>         a digest to be sent; due
//	digest-row         USER#<inviter>                  EXPIRED#<customer>#<day>#<inv>  one invitation of a digest; ttl 30 days after
//
// # Indexes
//
// by-name, by-email, by-group, by-role, by-company, by-registered: partition facet, sorted by byName, byEmail, byGroup,
// byRole, byCompany, byRegistered. A page of any list is one Query of one of them. An item is in an index when it has
// both attributes.
//
// An invitation's byName is not a name but its age again, and only invitations not made in the portal have it. So by-name
// holds the invitations that the provider lists for a customer, by-registered all of them, and neither list reads what it
// does not show.
//
// due: partition due (<kind>#<shard>), sorted by dueAt. It is sparse: it holds only what waits for its time.
//
// # Rows
//
// Lists show rows, whose columns are packed into one attribute, d (row.go): the six sorted indexes project only d, delivery
// and keys. Customers, invitations and groups are their own rows. A user has a row for each facet, written with the record:
// the customer, ALL, ROLE#, STATUS#, COUNTRY#, GROUP#. The scopes of search rows and counters are ALL (every customer, but
// not the staff) and CUSTOMER#<id>; these follow the record by the stream (directory.go, docs/decisions/019).
package store
