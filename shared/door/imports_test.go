package door

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	bucket "clientele/shared/files"
	"clientele/shared/membership"
)

// The sample in every language is a file that an import reads, every column of it, whoever imports.
func TestSampleOfImports(t *testing.T) {
	for _, language := range []string{"en", "de"} {
		raw, err := os.ReadFile(filepath.Join("..", "web", "text", language+".json"))
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		for who, actor := range map[string]membership.Actor{
			"staff":         {Realm: membership.Staff, Role: membership.StaffAdministrator, CustomerID: membership.ProviderID},
			"administrator": {Realm: membership.Portal, Role: membership.Administrator, CustomerID: "c1"},
			"moderator":     {Realm: membership.Portal, Role: membership.Moderator, CustomerID: "c1"},
		} {
			columns := membership.ImportColumnsFor(actor, "c1")
			var data bytes.Buffer
			imports := bucket.Imports{}
			out := imports.Rows(&data, ';')
			for _, row := range sampleRows(columns, membership.Member, language, func(column string) string { return texts["field."+column] }) {
				if err := out.Write(row...); err != nil {
					t.Fatal(err)
				}
			}
			if err := out.Flush(); err != nil {
				t.Fatal(err)
			}
			sheet, err := imports.Open(data.Bytes(), "")
			if err != nil {
				t.Fatalf("%s, %s: %v\n%s", language, who, err, data.String())
			}
			if unknown := sheet.Unknown(); len(unknown) > 0 {
				t.Errorf("%s, %s: nobody reads %q", language, who, unknown)
			}
			for _, c := range columns {
				if _, found := sheet.Column(c.Name); !found {
					t.Errorf("%s, %s: no column %s", language, who, c.Name)
				}
			}
			rows := 0
			for ; ; rows++ {
				line, err := sheet.Next()
				if err == io.EOF { //nolint:errorlint // as it is said
					break
				}
				if err != nil || line.Fault != "" || line.Values["email"] == "" {
					t.Fatal(line, err)
				}
			}
			if rows != 2 {
				t.Errorf("%s, %s: %d rows", language, who, rows)
			}
		}
	}
}
