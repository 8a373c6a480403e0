package files_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/shared/files"
	"clientele/shared/membership"
)

// A file goes through the bucket: up by the form, read, kept, linked, dropped.
func TestImportFilesInTheBucket(t *testing.T) {
	ctx := t.Context()
	i := files.Imports{Bucket: live(t, time.Now)}
	ref := membership.ImportRef{CustomerID: "c1", UserID: "u1", ImportID: "i1"}
	if there, err := i.Uploaded(ctx, ref); there || err != nil {
		t.Fatal(there, err)
	}
	if _, err := i.Upload(ctx, ref); !errors.Is(err, membership.ErrNotFound) {
		t.Fatal(err)
	}
	form, err := i.UploadForm(ctx, ref, "", time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, v := range form.Fields {
		_ = w.WriteField(name, v)
	}
	part, err := w.CreateFormFile("file", "people.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte("email\nx@example.com\n"))
	_ = w.Close()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, form.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	answer, err := http.DefaultClient.Do(r) //nolint:forbidigo // a test's own
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatal(answer.Status)
	}
	// Only that import has it.
	for _, id := range []string{"i1", "i", "i11"} {
		other := ref
		other.ImportID = id
		if there, err := i.Uploaded(ctx, other); there != (id == "i1") || err != nil {
			t.Errorf("%s: %v %v", id, there, err)
		}
	}
	data, err := i.Upload(ctx, ref)
	if err != nil || string(data) != "email\nx@example.com\n" {
		t.Fatalf("%q %v", data, err)
	}
	for _, name := range []string{"rows-0-1", "result.csv"} {
		if err := i.Put(ctx, ref, name, data); err != nil {
			t.Fatal(err)
		}
	}
	link, err := i.Link(ctx, ref, "result.csv", "people-result.csv", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	answer, err = http.DefaultClient.Get(link) //nolint:forbidigo,noctx // a test's own
	if err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if string(got) != string(data) {
		t.Errorf("%s %q", answer.Status, got)
	}
	if err := i.Drop(ctx, ref); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Get(ctx, ref, "rows-0-1"); !errors.Is(err, membership.ErrNotFound) {
		t.Error(err)
	}
	if _, err := i.Upload(ctx, ref); !errors.Is(err, membership.ErrNotFound) {
		t.Error(err)
	}
	if _, err := i.Uploaded(ctx, membership.ImportRef{}); err == nil {
		t.Error("an import without an id was looked for")
	}
}

// Every code that a row or a file can be refused with has a text in German.
func TestReasonsInGerman(t *testing.T) {
	i := files.Imports{}
	for _, key := range []string{"column.result", "column.reason", "result.invited", "result.updated", "result.skipped", "result.failed", "result.open",
		"reason.csv_quotes", "reason.csv_encoding", "reason.csv_too_few_cells", "reason.csv_too_many_cells", "reason.csv_row_too_long", "reason.duplicate_row",
		"reason." + membership.ErrEmailInUse.Code, "reason." + membership.ErrAlreadyUser.Code, "reason." + membership.ErrAlreadyInvited.Code, "reason." + membership.ErrAddressWaiting.Code, "reason." + membership.ErrDirectory.Code,
		"reason." + membership.ErrLoginTaken.Code, "reason." + membership.ErrStale.Code, "reason." + membership.ErrCustomerDeactivated.Code, "reason." + string(membership.JobAccessEnded)} {
		if i.Say("de", key, "") == "" {
			t.Errorf("no German text for %s", key)
		}
	}
	if s := i.Say("fr", "result.invited", "invited") + i.Say("de", "reason.nothing", "!"); s != "invited!" {
		t.Error(s)
	}
}

func TestImportColumnsAreFound(t *testing.T) {
	for _, headings := range []string{"email,firstName,lastName,role,language,title,url,phone,mobile,fax,street,postcode,city,region,country",
		"E-Mail-Adresse;Vorname;Nachname;Rolle;Sprache;Anrede;Webseite;Telefon;Handy;Fax;Straße;PLZ;Ort;Bundesland;Land",
		"E-MAIL *\tFirst Name\tSurname\tRole\tPreferred language\tSalutation\tWebsite\tTelephone\tMobile phone\tFax\tStreet\tZIP code\tTown\tState\tCountry code"} {
		sheet, err := files.Imports{}.Open([]byte(headings+"\n"), "")
		if err != nil {
			t.Fatal(err)
		}
		if len(sheet.Unknown()) > 0 {
			t.Errorf("unknown: %v", sheet.Unknown())
		}
		n := 0
		for _, c := range membership.ImportColumns() {
			if _, found := sheet.Column(c.Name); found {
				n++
			}
		}
		if want := strings.Count(headings, headings[strings.IndexAny(headings, ",;\t"):][:1]) + 1; n != want {
			t.Errorf("%d columns of %d", n, want)
		}
	}
}
