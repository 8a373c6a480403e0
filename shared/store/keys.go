package store

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/shared/membership"
)

// key is the primary key of one item. This file is the only one that builds keys; every key of a customer's thing holds
// the customer's id, so that a method that was given the wrong one finds nothing.
type key struct{ pk, sk string }

func customerKey(customerID string) key { return key{"CUSTOMER#" + customerID, "CUSTOMER"} }

func subAccountKey(customerID, id string) key {
	return key{"CUSTOMER#" + customerID, "SUBACCOUNT#" + id}
}

const subAccountPrefix = "SUBACCOUNT#"

// userKey begins with the user's id, because a token carries that alone; the customer is in the sort key. Record and
// sign-ins are read with one Query (recordPrefix).
func userKey(customerID, userID string) key { return key{"USER#" + userID, recordPrefix + customerID} }

func signInsKey(customerID, userID string) key {
	return key{"USER#" + userID, recordPrefix + customerID + "#SIGNINS"}
}

const recordPrefix = "RECORD#"

func userPartition(userID string) string { return "USER#" + userID }

// facetKey is where the row of one user for one facet lies. The customer's own facet lies with the customer, so that
// "has it any user" is a consistent Query.
func facetKey(customerID, userID, facet string) key {
	if facet == customerFacet(customerID) {
		return key{"CUSTOMER#" + customerID, "USER#" + userID}
	}
	return key{"USER#" + userID, "FACET#" + facet}
}

const customerUserPrefix = "USER#"

// loginKey reserves a folded username or e-mail in the one namespace of all customers.
func loginKey(folded string) key { return key{"LOGIN#" + folded, "LOGIN"} }

// elsewhereKey marks an address that a customer has invited although it signs in for another one.
func elsewhereKey(customerID, folded string) key {
	return key{"CUSTOMER#" + customerID, "ELSEWHERE#" + folded}
}

func invitationKey(customerID, id string) key {
	return key{invitationPartition(id), invitationPrefix + customerID}
}

// invitationPrefix begins the sort key of an invitation whose customer is not known: a mailed link names the id alone.
const invitationPrefix = "CUSTOMER#"

func invitationPartition(id string) string { return "INVITATION#" + id }

func mailKey(id string) key { return key{"MAIL#" + id, "MAIL"} }

const mailPrefix = "MAIL#"

// auditKey spreads a customer's log over months, so that no partition grows for ever.
func auditKey(customerID string, at time.Time, id string) key {
	return key{auditPartition(customerID, at), at.UTC().Format(time.RFC3339) + "#" + id}
}

func auditPartition(customerID string, at time.Time) string {
	return "CUSTOMER#" + customerID + "#AUDIT#" + at.UTC().Format("2006-01")
}

func markerKey(k membership.IdempotencyKey) key {
	sk := k.Route + "#" + k.Key
	if k.Row > 0 {
		sk += "#" + strconv.Itoa(k.Row)
	}
	return key{"KEY#" + k.ActorID, sk}
}

func sessionKey(door membership.Door, customerID, userID, sessionID string) key {
	return key{"SESSION#" + sessionID, string(door) + "#" + customerID + "#" + userID}
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

func externalIDKey(externalID string) key { return key{"EXTERNAL#CUSTOMER#" + externalID, "EXTERNAL"} }

// Customers are found by the start of any word of the name: a row for each word, whose sort key is the folded name from
// that word on, in partitions of the first two characters.
func customerSearchKey(text, customerID string) key {
	return key{customerSearchPartition(text), text + "#" + customerID}
}

func customerSearchPartition(text string) string {
	r := []rune(text)
	return "SEARCH#CUSTOMERS#" + string(r[:min(membership.MinCustomerSearch, len(r))])
}

// Facets: the values of the attribute facet, which is the partition key of the six sorted indexes. One partition of an
// index takes 1,000 writes a second before DynamoDB splits it by its sort key; allFacet and customersFacet are the only
// ones that every write of their kind goes to.
const (
	allFacet       = "ALL"
	customersFacet = "CUSTOMERS"
)

func customerFacet(customerID string) string    { return "CUSTOMER#" + customerID }
func roleFacet(r membership.Role) string        { return "ROLE#" + string(r) }
func statusFacet(s membership.Status) string    { return "STATUS#" + string(s) }
func countryFacet(country string) string        { return "COUNTRY#" + country }
func groupFacet(groupID string) string          { return "GROUP#" + groupID }
func invitationsFacet(customerID string) string { return "INVITATIONS#" + customerID }

// facets returns the facets that a user is listed under. Staff are listed with their colleagues only. A removed user is
// on no list but that of the removed.
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

// The sparse index of what is due: partitions by kind and shard, so that a burst of one kind spreads over dueShards
// partitions (some 4,000 writes a second).
const (
	dueShards     = 4
	dueInvitation = "INVITATION"
	dueMail       = "MAIL"
	dueDigest     = "DIGEST"
)

func dueFacet(kind, id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return dueShard(kind, int(h.Sum32()%dueShards))
}

func dueShard(kind string, shard int) string { return kind + "#" + strconv.Itoa(shard) }

// searchBytes bounds the text of a search row: names of some scripts grow a lot when they are folded, and a sort key has
// at most 1,024 bytes.
const searchBytes = 200

func searchText(folded string) string {
	return strings.ToValidUTF8(folded[:min(len(folded), searchBytes)], "")
}

// words returns the folded name from each of its words on, at most twelve.
func words(name string) []string {
	folded := membership.FoldName(name)
	var starts []string
	for i, rest := 0, folded; rest != "" && i < 12; i++ {
		text := searchText(rest)
		if len([]rune(text)) >= membership.MinCustomerSearch && !slices.Contains(starts, text) {
			starts = append(starts, text)
		}
		at := strings.IndexAny(rest, " -_.,/&")
		if at < 0 {
			break
		}
		rest = strings.TrimLeft(rest[at:], " -_.,/&")
	}
	return starts
}
