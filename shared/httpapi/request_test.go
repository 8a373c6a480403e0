package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestSource(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:0": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:0": "2001:db8:1:2::", "[::ffff:192.0.2.7]:0": "::ffff:192.0.2.7", "strange": "strange",
	} {
		if got := Source(&http.Request{RemoteAddr: address}); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestAcceptedIsKeptByNobody(t *testing.T) {
	answer := httptest.NewRecorder()
	Accepted(answer)
	if h := answer.Header(); answer.Code != http.StatusAccepted || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", answer.Code, h)
	}
}
