package membership

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// ImportColumn is a column that is read.
type ImportColumn struct {
	Name     string   // as in the API
	Spelled  []string // headings that mean it, too
	Required bool
	// record marks a column that only actors who may change users can set, staff one that only staff can; the others
	// belong to an invitation.
	record, staff bool
	// ours marks a column of results, from which nothing is read.
	ours bool
}

// Headings of the columns that results add. Imports know them, so that a result can be corrected and uploaded again.
const (
	importResultColumn = "result"
	importReasonColumn = "reason"
)

// ImportColumns returns the columns that are read, with the headings of common programs in English and German. Case,
// spaces and signs do not matter.
func ImportColumns() []ImportColumn {
	return []ImportColumn{
		{Name: "email", Spelled: []string{"e-mail", "mail", "e-mail address", "mail address", "e-mail-adresse", "mailadresse"}, Required: true},
		{Name: "firstName", Spelled: []string{"first name", "given name", "forename", "vorname"}},
		{Name: "lastName", Spelled: []string{"last name", "surname", "family name", "nachname", "familienname", "zuname"}},
		{Name: "role", Spelled: []string{"rolle"}},
		{Name: "language", Spelled: []string{"preferred language", "sprache"}},
		{Name: "title", Spelled: []string{"salutation", "titel", "anrede"}, record: true},
		{Name: "url", Spelled: []string{"website", "web", "homepage", "webseite"}, record: true},
		{Name: "phone", Spelled: []string{"telephone", "tel", "phone number", "telefon", "telefonnummer"}, record: true},
		{Name: "mobile", Spelled: []string{"mobile phone", "cell", "cell phone", "mobil", "handy", "mobiltelefon"}, record: true},
		{Name: "fax", Spelled: []string{"telefax"}, record: true},
		{Name: "street", Spelled: []string{"street and number", "straße", "strasse", "straße und hausnummer", "strasse und hausnummer"}, record: true},
		{Name: "postcode", Spelled: []string{"zip", "zip code", "postal code", "plz", "postleitzahl"}, record: true},
		{Name: "city", Spelled: []string{"town", "ort", "stadt"}, record: true},
		{Name: "region", Spelled: []string{"state", "province", "bundesland"}, record: true},
		{Name: "country", Spelled: []string{"country code", "land"}, record: true},
		{Name: "externalId", Spelled: []string{"external id", "externe id", "externe kennung"}, record: true, staff: true},
		{Name: "comment", Spelled: []string{"note", "notes", "kommentar", "bemerkung", "notiz"}, record: true, staff: true},
		{Name: importResultColumn, Spelled: []string{"ergebnis"}, ours: true},
		{Name: importReasonColumn, Spelled: []string{"grund"}, ours: true},
	}
}

// ImportColumnsFor returns the columns that an actor's rows for a customer may fill.
func ImportColumnsFor(a Actor, customerID string) []ImportColumn {
	return slices.DeleteFunc(ImportColumns(), func(c ImportColumn) bool {
		return c.ours || c.record && !a.May(ChangeUsers, customerID, "") || c.staff && a.Realm == Portal
	})
}

// ImportRow is a row of a file with what the check found and what became of it.
type ImportRow struct {
	Number int               `json:"-"` // counted from 1 over the rows that are not blank
	Line   int               `json:"line"`
	Email  string            `json:"email,omitempty"`
	Role   Role              `json:"role,omitempty"`
	Values map[string]string `json:"values,omitempty"` // the filled cells, without the address, by the names of ImportColumns
	Class  ImportClass       `json:"class"`
	Result ImportResult      `json:"result,omitempty"`
	// Code, Message and Field say why a row is of its class, or why it failed.
	Code    string   `json:"code,omitempty"`
	Message string   `json:"message,omitempty"`
	Field   string   `json:"field,omitempty"`
	Changes []string `json:"changes,omitempty"` // names of the columns in which the record differs
	UserID  string   `json:"userId,omitempty"`  // the user who is there already; of a new row a contact
	// InvitationID is that of the invitation that the import made.
	InvitationID string `json:"invitationId,omitempty"`
	language     string // of the invitation: the row's, else that of the import
}

// invalid marks a row as one that cannot be imported.
func (r *ImportRow) invalid(e *Error) {
	r.Class, r.Values, r.Changes = ImportInvalid, nil, nil
	r.why(e)
	r.Email = clip(r.Email, maxEmail)
	if !ValidRole("", r.Role) {
		r.Role = ""
	}
}

func (r *ImportRow) why(e *Error) { r.Code, r.Message, r.Field = e.Code, e.Message, e.Field }

// settle gives a result to a row for which there is nothing to do.
func (r *ImportRow) settle(update bool) {
	switch {
	case r.Result != "" || r.works(update):
	case r.Class == ImportInvalid:
		r.Result = ResultFailed
	default:
		r.Result = ResultSkipped
	}
}

// works says whether there is something to do for the row.
func (r ImportRow) works(update bool) bool {
	return r.Class == ImportNew || r.Class == ImportChanged && update
}

// clip shortens a text to at most so many bytes.
func clip(s string, most int) string {
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\ufffd")
	}
	return strings.ToValidUTF8(s[:most], "")
}

// invitee returns the row as the use case of inviting takes it. With record it brings all that the row says.
func (r ImportRow) invitee(record bool) Invitee {
	in := Invitee{Email: r.Email, FirstName: r.Values["firstName"], LastName: r.Values["lastName"], Language: cmp.Or(r.Values["language"], r.language), Role: r.Role}
	if record {
		in.Record = r.record()
		in.Record.Role = nil
	}
	return in
}

// record returns what a row says of a record. An empty cell says nothing: else it would erase what somebody filled in.
func (r ImportRow) record() RecordInput {
	var in RecordInput
	for name, field := range map[string]**string{
		"title": &in.Title, "firstName": &in.FirstName, "lastName": &in.LastName, "url": &in.URL, "phone": &in.Phone, "mobile": &in.Mobile,
		"fax": &in.Fax, "street": &in.Street, "postcode": &in.Postcode, "city": &in.City, "region": &in.Region, "country": &in.Country,
		"language": &in.Language, "externalId": &in.ExternalID, "comment": &in.Comment,
	} {
		if v := r.Values[name]; v != "" {
			*field = &v
		}
	}
	if r.Values["role"] != "" {
		in.Role = &r.Role
	}
	return in
}

// changes returns the names of the columns in which a user's record differs from the row.
func (r ImportRow) changes(u User) (names []string) {
	var errs fieldErrors
	was, is := u.auditFields(), r.record().set(&errs, u, nil).auditFields()
	for name := range r.Values {
		if was[name] != is[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// importReader reads the rows of a file for one actor, one after the other: a row is also compared with those before it.
type importReader struct {
	actor   Actor
	imp     Import
	columns []ImportColumn
	phones  Phones
	country string         // whose telephone numbers are assumed in rows without a country
	seen    map[string]int // folded address → line
}

func newImportReader(a Actor, i Import, sheet ImportSheet) *importReader {
	columns := slices.DeleteFunc(ImportColumnsFor(a, i.CustomerID), func(c ImportColumn) bool { return !has(sheet, c.Name) })
	return &importReader{actor: a, imp: i, columns: columns, seen: map[string]int{}}
}

func has(sheet ImportSheet, column string) bool {
	_, found := sheet.Column(column)
	return found
}

// names returns the columns that are read, and those in the file that the actor may not set.
func (r *importReader) names(sheet ImportSheet) (read, notYours []string) {
	for _, c := range ImportColumns() {
		switch {
		case slices.ContainsFunc(r.columns, func(x ImportColumn) bool { return x.Name == c.Name }):
			read = append(read, c.Name)
		case !c.ours && has(sheet, c.Name):
			notYours = append(notYours, c.Name)
		}
	}
	return read, notYours
}

// row returns a row; it sets the class only if the row is invalid whatever the table says.
func (r *importReader) row(line ImportLine) ImportRow {
	row := ImportRow{Line: line.Line, Email: line.Values["email"], Values: map[string]string{}, language: r.imp.Language}
	for _, c := range r.columns {
		if v := line.Values[c.Name]; v != "" && c.Name != "email" {
			row.Values[c.Name] = v
		}
	}
	row.Role = cmp.Or(roleSpelled(line.Values["role"]), r.imp.Role)
	if line.Fault != "" {
		row.invalid(&Error{Code: line.Fault, Message: faultMessage(line.Fault)})
		return row
	}
	checked, bad := checkInvitee(r.actor, r.imp.CustomerID, row.invitee(false))
	if bad != nil {
		row.invalid(bad)
		return row
	}
	row.Email = checked.Email
	var errs fieldErrors
	fields := row.record().set(&errs, User{CustomerID: r.imp.CustomerID, Country: r.country}, r.phones)
	if err := errs.err(); err != nil {
		bad, _ = errors.AsType[*Error](err)
		row.invalid(bad)
		return row
	}
	for name, v := range fields.auditFields() { // as they are stored
		if _, given := row.Values[name]; given {
			row.Values[name] = v
		}
	}
	folded := FoldLogin(row.Email)
	if _, twice := r.seen[folded]; twice {
		row.invalid(&Error{Code: "duplicate_row", Field: "email", Message: "This address stands in the list twice."})
		return row
	}
	r.seen[folded] = line.Line
	return row
}

// roleSpelled returns the role that a cell means, else its text in lower case ("?" if too long), which checks refuse.
func roleSpelled(s string) Role {
	switch low := strings.ToLower(s); low {
	case "mitglied":
		return Member
	case "admin":
		return Administrator
	default:
		if utf8.RuneCountInString(low) > maxName {
			return "?"
		}
		return Role(low)
	}
}
