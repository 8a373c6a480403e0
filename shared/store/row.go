package store

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/shared/membership"
)

// Lists show rows. A row carries its columns in one attribute, d, because an index copies every attribute name with
// every item: packed, a user takes some 250 B instead of 450, and decoding 50 of them takes a quarter of the
// allocations. The six sorted indexes project d and nothing else, except delivery, which the outbox changes by itself.
const rowAttribute = "d"

// separator stands between the columns of a row. No checked field contains it (control characters are refused); in data
// of another origin it becomes a space.
const separator = "\x1f"

// pack joins columns and leaves out empty ones at the end.
func pack(columns ...string) string {
	for len(columns) > 0 && columns[len(columns)-1] == "" {
		columns = columns[:len(columns)-1]
	}
	for n, c := range columns {
		if strings.Contains(c, separator) {
			columns[n] = strings.ReplaceAll(c, separator, " ")
		}
	}
	return strings.Join(columns, separator)
}

// columns are the columns of one row; those left out read as "".
type columns []string

func (i item) columns() columns { return strings.Split(i.str(rowAttribute), separator) }

func (c columns) at(n int) string {
	if n < len(c) {
		return c[n]
	}
	return ""
}

// Times are seconds since 1970 in base 36: six characters until 2038, seven until 4453.
func packTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 36)
}

func (c columns) time(n int) time.Time {
	seconds, err := strconv.ParseInt(c.at(n), 36, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (c columns) int(n int) int {
	i, _ := strconv.Atoi(c.at(n))
	return i
}

// packID shortens the 36 characters of a UUID to 22. Any other id stays as it is, behind an apostrophe.
func packID(id string) string {
	if id == "" {
		return ""
	}
	var raw [16]byte
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' && id == strings.ToLower(id) {
		if n, err := hex.Decode(raw[:], []byte(id[:8]+id[9:13]+id[14:18]+id[19:23]+id[24:])); err == nil && n == 16 {
			return base64.RawURLEncoding.EncodeToString(raw[:])
		}
	}
	return "'" + id
}

func unpackID(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok || s == "" {
		return rest
	}
	var raw [18]byte
	if len(s) != 22 {
		return ""
	}
	if n, err := base64.RawURLEncoding.Decode(raw[:], []byte(s)); err != nil || n != 16 {
		return ""
	}
	var out [36]byte
	hex.Encode(out[0:8], raw[0:4])
	hex.Encode(out[9:13], raw[4:6])
	hex.Encode(out[14:18], raw[6:8])
	hex.Encode(out[19:23], raw[8:10])
	hex.Encode(out[24:36], raw[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

func packIDs(ids []string) string {
	packed := make([]string, len(ids))
	for n, id := range ids {
		packed[n] = packID(id)
	}
	return strings.Join(packed, ",")
}

func unpackIDs(s string) []string {
	if s == "" {
		return nil
	}
	ids := strings.Split(s, ",")
	for n, id := range ids {
		ids[n] = unpackID(id)
	}
	return ids
}

// The short forms of statuses and roles are their places in these lists, so the lists may only grow at the end.
var (
	rowStatuses = []membership.Status{membership.Contact, membership.Invited, membership.Expired, membership.Waiting, membership.Active,
		membership.Suspended, membership.Deactivated, membership.Rejected, membership.Removed}
	rowRoles = []membership.Role{membership.Member, membership.Moderator, membership.Administrator, membership.Agent}
)

func packOne[T comparable](all []T, v T) string {
	if n := slices.Index(all, v); n >= 0 {
		return string(rune('a' + n))
	}
	return ""
}

func unpackOne[T comparable](all []T, s string) (v T) {
	if len(s) == 1 && int(s[0]-'a') < len(all) {
		return all[s[0]-'a']
	}
	return v
}

// userColumns packs what lists show of a user. The user's own id is in the row's key.
func userColumns(u membership.User) string {
	username := u.Username
	if username == u.Email && username != "" {
		username = "=" // no username is "="
	}
	var expires time.Time
	if u.Status == membership.Invited || u.Status == membership.Expired {
		expires = u.InvitationExpiresAt
	}
	return pack(u.FirstName, u.LastName, u.Email, username, packOne(rowStatuses, u.Status), packOne(rowRoles, u.Role), u.Country,
		packID(u.CustomerID), u.Company, packTime(u.RegisteredAt), packID(u.InvitationID), packTime(expires), packTime(u.SuspendedUntil),
		packIDs(u.GroupIDs))
}

// rowFrom returns the user of a row of any kind: its id is the part of the key that is not the list's.
func rowFrom(i item) membership.UserRow {
	c := i.columns()
	r := membership.UserRow{
		ID: rowUserID(i), FirstName: c.at(0), LastName: c.at(1), Email: c.at(2), Username: c.at(3), Status: unpackOne(rowStatuses, c.at(4)),
		Role: unpackOne(rowRoles, c.at(5)), Country: c.at(6), CustomerID: unpackID(c.at(7)), Company: c.at(8), RegisteredAt: c.time(9),
		InvitationID: unpackID(c.at(10)), InvitationExpiresAt: c.time(11), SuspendedUntil: c.time(12), GroupIDs: unpackIDs(c.at(13)),
	}
	if r.Username == "=" {
		r.Username = r.Email
	}
	return r
}

// customerColumns packs what lists show of a customer.
func customerColumns(c membership.Customer) string {
	access := ""
	if c.PortalAccess {
		access = "1"
	}
	return pack(packID(c.ID), c.Name, string(c.Type), c.Management, string(c.Status), access, packIDs(c.GroupIDs), c.Email, c.City, c.Country,
		c.ExternalID, packTime(c.CreatedAt), strconv.Itoa(c.Version))
}

func customerFromRow(i item) membership.Customer {
	c := i.columns()
	return membership.Customer{
		ID: unpackID(c.at(0)), Name: c.at(1), Type: membership.CustomerType(c.at(2)), Management: c.at(3), Status: membership.CustomerStatus(c.at(4)),
		PortalAccess: c.at(5) != "", GroupIDs: unpackIDs(c.at(6)), Email: c.at(7), City: c.at(8), Country: c.at(9), ExternalID: c.at(10),
		CreatedAt: c.time(11), Version: c.int(12),
	}
}

// invitationColumns packs an invitation as lists show it: all but grants and groups, which no list shows, and delivery,
// which is an attribute of its own. Its id and customer are in its key.
func invitationColumns(v membership.Invitation) string {
	return pack(packID(v.UserID), v.Email, v.FirstName, v.LastName, v.Language, packOne(rowRoles, v.Role), string(v.Status),
		packTime(v.ExpiresAt), packTime(v.SentAt), packTime(v.CreatedAt), packTime(v.EndedAt), string(v.Origin), packID(v.InvitedBy),
		v.InvitedByName, strconv.Itoa(v.Version))
}

func invitationFromRow(i item) membership.Invitation {
	c := i.columns()
	return membership.Invitation{
		ID: strings.TrimPrefix(i.str("pk"), invitationPartition("")), CustomerID: strings.TrimPrefix(i.str("sk"), invitationPrefix),
		UserID: unpackID(c.at(0)), Email: c.at(1), FirstName: c.at(2), LastName: c.at(3), Language: c.at(4),
		Role: unpackOne(rowRoles, c.at(5)), Status: membership.InvitationStatus(c.at(6)), ExpiresAt: c.time(7), SentAt: c.time(8),
		CreatedAt: c.time(9), EndedAt: c.time(10), Origin: membership.Realm(c.at(11)), InvitedBy: unpackID(c.at(12)), InvitedByName: c.at(13),
		Version: c.int(14), Delivery: i.str("delivery"),
	}
}

// groupColumns packs what lists show of a group.
func groupColumns(g membership.Group) string {
	active := ""
	if g.Active {
		active = "1"
	}
	return pack(packID(g.ID), g.Name, active, packTime(g.CreatedAt), strconv.Itoa(g.Version), g.Description)
}

func groupFromRow(i item) membership.Group {
	c := i.columns()
	return membership.Group{ID: unpackID(c.at(0)), Name: c.at(1), Active: c.at(2) != "", CreatedAt: c.time(3), Version: c.int(4), Description: c.at(5)}
}
