package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	in := `go: downloading something
{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestOne"}
{"Action":"run","Package":"a","Test":"TestOne/x"}
{"Action":"output","Package":"a","Test":"TestOne/y","Output":"y is wrong\n"}
{"Action":"pass","Package":"a","Test":"TestOne/x"}
{"Action":"fail","Package":"a","Test":"TestOne/y"}
{"Action":"fail","Package":"a","Test":"TestOne"}
{"Action":"output","Package":"a","Test":"TestTwo","Output":"    a_test.go:7: figure: 3 s\n"}
{"Action":"pass","Package":"a","Test":"TestTwo"}
{"Action":"skip","Package":"a","Test":"TestThree"}
{"Action":"fail","Package":"a"}
{"ImportPath":"b [b.test]","Action":"build-output","Output":"b.go:1: no\n"}
{"ImportPath":"b [b.test]","Action":"build-fail"}
{"Action":"fail","Package":"b"}
{"Action":"pass","Package":"c","Test":"TestFour"}
{"Action":"pass","Package":"c"}
{"Action":"skip","Package":"d"}
`
	var out strings.Builder
	r := newReport(&out)
	if err := r.read(strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	passed, failed := r.summary()
	if passed != 3 || failed != 2 {
		t.Errorf("%d passed, %d failed", passed, failed)
	}
	for _, want := range []string{"go: downloading", "--- FAIL a TestOne/y", "y is wrong", "     TestTwo: 3 s\n", "b.go:1: no", "FAIL b", "ok   c", "  a TestThree\n", "\n3 passed, 2 failed\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
