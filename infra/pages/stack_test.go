// Package pages_test uses the pages as people do: in Chromium, against the deployed template on the local cloud.
//
// It needs a running local cloud and a browser: CLIENTELE_STACK names stack.json (relative to the checkout, or
// absolute), CLIENTELE_CHROMIUM a browser that is not found under its usual names. `make test` sets both;
// `make screenshots` runs TestEveryPage, which leaves a picture of every page in .local/screenshots (CLIENTELE_ARTIFACTS
// moves it).
package pages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// stack is what the local cloud writes about itself.
type stack struct {
	Console, Portal, API, Mailbox, Endpoint, Region, Table, UserPoolID string
	Clients                                                            struct{ Portal, Console string }
	Admin                                                              struct{ Username, Password string }
}

const checkout = "../.."

// theStack reads stack.json, or skips the test when there is none and none is required.
func theStack(t testing.TB) stack {
	t.Helper()
	if os.Getenv("CLIENTELE_STACK") == "" && os.Getenv("CLIENTELE_REQUIRED") == "" {
		t.Skip("CLIENTELE_STACK is not set: start the local cloud (make start) and set it to .local/stack.json")
	}
	raw, err := os.ReadFile(stackFile())
	if err != nil {
		t.Fatalf("read CLIENTELE_STACK: %v", err)
	}
	var s stack
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func stackFile() string {
	path := os.Getenv("CLIENTELE_STACK")
	if !filepath.IsAbs(path) {
		path = filepath.Join(checkout, path)
	}
	return path
}
