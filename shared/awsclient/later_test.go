package awsclient_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clientele/shared/awsclient"
)

func TestLater(t *testing.T) {
	tests := map[string]struct {
		statuses []int // the last one for good
		good     bool
		calls    int
	}{
		"taken over":     {[]int{202}, true, 1},
		"throttled once": {[]int{429, 202}, true, 2},
		"down once":      {[]int{503, 202}, true, 2},
		"down":           {[]int{500}, false, 3},
		"refused":        {[]int{403}, false, 1},
		"unknown":        {[]int{404}, false, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status := test.statuses[min(calls, len(test.statuses)-1)]
				calls++
				if body, _ := io.ReadAll(r.Body); string(body) != `{"jobId":"j1"}` || r.Method != http.MethodPost || r.URL.Path != "/2015-03-31/functions/run-jobs/invocations" {
					t.Errorf("%s %s %s", r.Method, r.URL.Path, body)
				}
				if a := r.Header.Get("Authorization"); !strings.Contains(a, "/eu-central-1/lambda/aws4_request") || r.Header.Get("X-Amz-Invocation-Type") != "Event" {
					t.Errorf("headers %v", r.Header)
				}
				w.WriteHeader(status)
			}))
			defer server.Close()
			err := awsclient.Later(t.Context(), awsclient.Config(settings(t, server.URL)), "run-jobs", map[string]string{"jobId": "j1"})
			if (err == nil) != test.good || calls != test.calls {
				t.Errorf("%v after %d calls", err, calls)
			}
		})
	}
}
