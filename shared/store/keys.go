package store

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/shared/membership"
)

// key is the primary key of one item. Only this file builds keys. The key of anything that belongs to a customer holds
// the customer's id, so that a method that is given the wrong one finds nothing.
type key struct{ pk, sk string }

func customerKey(customerID string) key { return key{"CUSTOMER#" + customerID, "CUSTOMER"} }

// subAccountKey begins like the customer's own key, so that one Query reads the record and all its sub-accounts
// (familyPrefix).
func subAccountKey(customerID, id string) key {
	return key{"CUSTOMER#" + customerID, subAccountPrefix + id}
}

// subAccountsKey is the number of a customer's sub-accounts.
func subAccountsKey(customerID string) key { return key{"CUSTOMER#" + customerID, "SUBACCOUNTS"} }

// domainClaimKey is a domain that a customer says is its own.
func domainClaimKey(customerID, domain string) key {
	return key{"CUSTOMER#" + customerID, domainPrefix + domain}
}

const domainPrefix = "DOMAIN#"

// domainsKey is the number of domains that a customer has claimed.
func domainsKey(customerID string) key { return key{"CUSTOMER#" + customerID, "DOMAINS"} }

// guestLinkKey is the state of a customer's one-time links.
func guestLinkKey(customerID string) key { return key{"CUSTOMER#" + customerID, "GUESTLINK"} }

// contactAddressKey is the row by which a customer is found by its contact address.
func contactAddressKey(folded, customerID string) key {
	return key{contactAddressPartition(folded), contactAddressPrefix + customerID}
}

func contactAddressPartition(folded string) string { return "CONTACTADDRESS#" + folded }

const contactAddressPrefix = "CUSTOMER#"

func guestSessionKey(customerID, sessionID string) key {
	return key{"SESSION#" + sessionID, "guest#" + customerID}
}

// domainKey reserves a proven domain among all customers.
func domainKey(folded string) key { return key{"DOMAIN#" + folded, "DOMAIN"} }

const (
	familyPrefix     = "CUSTOMER"
	subAccountPrefix = "CUSTOMER#SUBACCOUNT#"
)

// userKey begins with the user's id, because that is all a token carries; the customer is in the sort key. One Query
// reads record and sign-ins (recordPrefix).
func userKey(customerID, userID string) key { return key{"USER#" + userID, recordPrefix + customerID} }

func signInsKey(customerID, userID string) key {
	return key{"USER#" + userID, recordPrefix + customerID + "#SIGNINS"}
}

const recordPrefix = "RECORD#"

func userPartition(userID string) string { return "USER#" + userID }

// facetKey is the key of a user's row for one facet. Rows for a customer or a group lie in its partition, so that "has
// it any user" is a consistent Query.
func facetKey(userID, facet string) key {
	if strings.HasPrefix(facet, "CUSTOMER#") || strings.HasPrefix(facet, "GROUP#") {
		return key{facet, memberUserPrefix + userID}
	}
	return key{userPartition(userID), facetPrefix + facet}
}

// memberUserPrefix begins the sort keys of users in the partition of their customer or group; facetPrefix begins those
// in the user's own.
const (
	memberUserPrefix = "USER#"
	facetPrefix      = "FACET#"
)

// rowUserID returns the user that an item is a row of: a row of a list, or one by which users are found.
func rowUserID(i item) string {
	pk, sk := i.str("pk"), i.str("sk")
	if id, ok := strings.CutPrefix(sk, memberUserPrefix); ok {
		return id
	}
	if strings.HasPrefix(sk, facetPrefix) {
		return strings.TrimPrefix(pk, "USER#")
	}
	return sk[strings.LastIndexByte(sk, '#')+1:]
}

// projectionKey is what search rows and counters say of a user.
func projectionKey(userID string) key { return key{userPartition(userID), "PROJECTION"} }

// Users are found by the start of any word. There is a row for each word in each scope: its sort key is the folded text
// from that word to the end of the field, its partition the first three characters. The scope is one customer or all of
// them: what one tenant reads is never in the partition of another.
func userSearchKey(scope, text, userID string) key {
	return key{userSearchPartition(scope, text), text + "#" + userID}
}

func userSearchPartition(scope, text string) string {
	r := []rune(text)
	return "SEARCH#USERS#" + scope + "#" + string(r[:min(membership.MinUserSearch, len(r))])
}

// countKey is a counter: how many users of a scope are under a facet. One partition takes 1,000 writes a second, and a
// change of status writes two counters of allScope: beyond some 250 changes a second they would have to be sharded.
func countKey(scope, facet string) key { return key{countPartition(scope), facet} }

func countPartition(scope string) string { return "COUNT#" + scope }

// allScope is the users of every customer, without the staff.
const allScope = "ALL"

func groupKey(groupID string) key { return key{groupFacet(groupID), "GROUP"} }

// groupCustomerKey is the membership of a whole customer in a group.
func groupCustomerKey(groupID, customerID string) key {
	return key{groupFacet(groupID), memberCustomerPrefix + customerID}
}

const memberCustomerPrefix = "CUSTOMER#"

// groupNameKey reserves the folded name of a group.
func groupNameKey(folded string) key { return key{"GROUPNAME#" + folded, "GROUPNAME"} }

// groupsKey is the number of groups.
func groupsKey() key { return key{"GROUPS", "GROUPS"} }

// groupCounters begins the facets of the counters of groups, both of their users and of their customers.
const groupCounters = "GROUP"

func jobKey(customerID, id string) key { return key{jobPartition(id), jobPrefix + customerID} }

const jobPrefix = "CUSTOMER#"

func jobPartition(id string) string { return "JOB#" + id }

// jobsOf returns the facet of the jobs of one kind that one person has asked for.
func jobsOf(customerID, userID string, kind membership.JobKind) string {
	return customerID + "#" + userID + "#" + string(kind)
}

// loginKey reserves a folded username or e-mail in the one namespace of all customers.
func loginKey(folded string) key { return key{"LOGIN#" + folded, "LOGIN"} }

// elsewhereKey marks an address that a customer has invited although it signs in for another one.
func elsewhereKey(customerID, folded string) key {
	return key{"CUSTOMER#" + customerID, "ELSEWHERE#" + folded}
}

func invitationKey(customerID, id string) key {
	return key{invitationPartition(id), invitationPrefix + customerID}
}

const invitationPrefix = "CUSTOMER#"

func invitationPartition(id string) string { return "INVITATION#" + id }

// settingsKey is the one item of settings. An item takes 1,000 writes a second and 3,000 reads, and every request that
// depends on the settings reads it.
func settingsKey() key { return key{"SETTINGS", "SETTINGS"} }

func registrationKey(customerID, id string) key {
	return key{registrationPartition(id), "CUSTOMER#" + customerID}
}

func registrationPartition(id string) string { return "REGISTRATION#" + id }

// registrationRowKey is the row of a registration in its customer's own list.
func registrationRowKey(customerID, id string) key {
	return key{registrationPartition(id), "ROW#" + customerID}
}

// openRegistrationKey reserves an address for its one unconfirmed registration.
func openRegistrationKey(folded string) key { return key{"REGISTERING#" + folded, "REGISTERING"} }

func importKey(customerID, id string) key { return key{"IMPORT#" + id, "CUSTOMER#" + customerID} }

func mailKey(id string) key { return key{"MAIL#" + id, "MAIL"} }

const mailPrefix = "MAIL#"

// auditKey splits a customer's log by month, so that no partition grows for ever.
func auditKey(customerID string, at time.Time, id string) key {
	return key{auditPartition(customerID, at), at.UTC().Format(time.RFC3339) + "#" + id}
}

func auditPartition(customerID string, at time.Time) string {
	return "CUSTOMER#" + customerID + "#AUDIT#" + at.UTC().Format("2006-01")
}

// markerKey puts the caller's own text last, because it may contain a #; no route does.
func markerKey(k membership.IdempotencyKey) key {
	return key{"KEY#" + k.ActorID, k.Route + "#" + strconv.Itoa(k.Row) + "#" + k.Key}
}

func sessionKey(door membership.Door, customerID, userID, sessionID string) key {
	return key{"SESSION#" + sessionID, string(door) + "#" + customerID + "#" + userID}
}

func avatarUploadKey(customerID, userID string) key {
	return key{userPartition(userID), "AVATAR#" + customerID}
}

func attemptsKey(folded string) key { return key{"ATTEMPTS#" + folded, "ATTEMPTS"} }

func throttleKey(name, subject string, window int64) key {
	return key{"THROTTLE#" + name + "#" + subject, strconv.FormatInt(window, 10)}
}

func digestKey(d membership.Digest) key {
	return key{"USER#" + d.UserID, "DIGEST#" + d.CustomerID + "#" + d.Day}
}

func digestRowKey(d membership.Digest, invitationID string) key {
	return key{"USER#" + d.UserID, digestRowPrefix(d) + invitationID}
}

func digestRowPrefix(d membership.Digest) string {
	return "EXPIRED#" + d.CustomerID + "#" + d.Day + "#"
}

// userExternalIDKey is per customer, because customers' systems do not know each other's ids.
func userExternalIDKey(customerID, externalID string) key {
	return key{"EXTERNAL#USER#" + customerID + "#" + externalID, "EXTERNAL"}
}

// onlyUserKey names the one user of an individual customer.
func onlyUserKey(customerID string) key { return key{"CUSTOMER#" + customerID, "ONLYUSER"} }

func externalIDKey(externalID string) key { return key{"EXTERNAL#CUSTOMER#" + externalID, "EXTERNAL"} }

// Customers are found by the start of any word of the name. There is a row for each word: its sort key is the folded
// name from that word on, its partition the first two characters.
func customerSearchKey(text, customerID string) key {
	return key{customerSearchPartition(text), text + "#" + customerID}
}

func customerSearchPartition(text string) string {
	r := []rune(text)
	return "SEARCH#CUSTOMERS#" + string(r[:min(membership.MinCustomerSearch, len(r))])
}

// Facets: the values of the attribute facet, which is the partition key of the six sorted indexes. One partition of an
// index takes 1,000 writes a second before DynamoDB splits it by its sort key; only allFacet and customersFacet get
// every write of their kind.
const (
	allFacet       = "ALL"
	customersFacet = "CUSTOMERS"
	groupsFacet    = "GROUPS"
)

func customerFacet(customerID string) string    { return "CUSTOMER#" + customerID }
func roleFacet(r membership.Role) string        { return "ROLE#" + string(r) }
func statusFacet(s membership.Status) string    { return "STATUS#" + string(s) }
func countryFacet(country string) string        { return "COUNTRY#" + country }
func groupFacet(groupID string) string          { return "GROUP#" + groupID }
func groupCustomersFacet(groupID string) string { return "GROUPCUSTOMERS#" + groupID }
func jobsFacet(scope string) string             { return "JOBS#" + scope }
func registrationsFacet(customerID string, s membership.RegistrationStatus) string {
	return "REGISTRATIONS#" + customerID + "#" + string(s)
}
func invitationsFacet(customerID string) string { return "INVITATIONS#" + customerID }

// importsFacet has the imports that one person has begun, for whichever customer.
func importsFacet(customerID, userID string) string { return "IMPORTS#" + customerID + "#" + userID }

// facets returns the facets under which a user is listed. Staff are listed with their colleagues only, removed users on
// the list of removed users only.
func facets(u membership.User) []string {
	if u.CustomerID == membership.ProviderID {
		if u.Status == membership.Removed {
			return nil
		}
		return []string{customerFacet(u.CustomerID)}
	}
	if u.Status == membership.Removed {
		return []string{statusFacet(membership.Removed)}
	}
	f := []string{customerFacet(u.CustomerID), allFacet, roleFacet(u.Role), statusFacet(u.Status)}
	if u.Country != "" {
		f = append(f, countryFacet(u.Country))
	}
	for _, g := range u.GroupIDs {
		f = append(f, groupFacet(g))
	}
	return f
}

// The sparse index of what is due has partitions by kind and shard, so that a burst of one kind spreads over dueShards
// partitions (some 4,000 writes a second).
const (
	dueShards     = 4
	dueInvitation = "INVITATION"
	dueMail       = "MAIL"
	dueDigest     = "DIGEST"
	dueJob        = "JOB"
	dueSuspension = "SUSPENSION"

	dueRegistration = "REGISTRATION"
)

func dueFacet(kind, id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return dueShard(kind, int(h.Sum32()%dueShards))
}

func dueShard(kind string, shard int) string { return kind + "#" + strconv.Itoa(shard) }

// searchBytes limits the text of a search row: folding makes names of some scripts much longer, and a sort key has at
// most 1,024 bytes.
const searchBytes = 200

// searchText returns the text of a search row, or of a search, for a folded text.
func searchText(folded string) string {
	folded = membership.WithoutApostrophes(folded)
	return strings.ToValidUTF8(folded[:min(len(folded), searchBytes)], "")
}

// words returns the folded name from each of its words on, twelve at most.
func words(name string) []string {
	folded := membership.FoldName(name)
	var starts []string
	for i, rest := 0, folded; rest != "" && i < 12; i++ {
		text := searchText(rest)
		if len([]rune(text)) >= membership.MinCustomerSearch && !slices.Contains(starts, text) {
			starts = append(starts, text)
		}
		at := strings.IndexAny(rest, wordEnds)
		if at < 0 {
			break
		}
		rest = strings.TrimLeft(rest[at:], wordEnds)
	}
	return starts
}
