package store

import (
	"reflect"
	"testing"
)

// everyFieldSet fails for a zero field of a record that is meant to prove that all fields are stored: a field that is
// added to a noun and forgotten here or in its item does not go unnoticed.
func everyFieldSet(t testing.TB, record any, but ...string) {
	t.Helper()
	v := reflect.ValueOf(record)
fields:
	for _, f := range reflect.VisibleFields(v.Type()) {
		for _, b := range but {
			if f.Name == b {
				continue fields
			}
		}
		if v.FieldByIndex(f.Index).IsZero() {
			t.Errorf("%s.%s is not set, so it is not tested", v.Type(), f.Name)
		}
	}
}
