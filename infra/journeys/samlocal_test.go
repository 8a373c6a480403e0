package journeys_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// containers runs the functions in containers next to the local cloud, and invokes them there. CLIENTELE_SAM_LOCAL=1
// asks for these tests: they need Docker or its substitute.
type containers struct {
	t   *testing.T
	env []string
}

func theContainers(t *testing.T, s stack) containers {
	t.Helper()
	if os.Getenv("CLIENTELE_SAM_LOCAL") == "" {
		t.Skip("needs containers: CLIENTELE_SAM_LOCAL=1")
	}
	dir, err := filepath.Abs(filepath.Dir(os.Getenv("CLIENTELE_STACK")))
	if err != nil {
		t.Fatal(err)
	}
	console, err := url.Parse(s.Console)
	if err != nil {
		t.Fatal(err)
	}
	return containers{t: t, env: append(os.Environ(), "LOCAL_DIR="+dir, "PORT="+console.Port())}
}

func (c containers) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "../../.local/bin/localcloud", args...)
	cmd.Env = c.env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// start serves the API in containers until the test ends and returns its address.
func (c containers) start() string {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := c.command(ctx, "sam-local")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	c.t.Cleanup(func() {
		cancel()
		<-ended
		if c.t.Failed() {
			c.t.Logf("sam local said:\n%s", log.String())
		}
	})
	var found struct{ API string }
	deadline := time.Now().Add(12 * time.Minute) // the functions are built first
	for {
		raw, err := os.ReadFile(filepath.Join(filepath.Dir(os.Getenv("CLIENTELE_STACK")), "sam-local.json"))
		if err == nil && json.Unmarshal(raw, &found) == nil && found.API != "" {
			return found.API
		}
		select {
		case <-ended:
			c.t.Fatalf("sam local ended:\n%s", log.String())
		case <-time.After(200 * time.Millisecond): // until the next look
		}
		if time.Now().After(deadline) {
			c.t.Fatal("sam local did not start within twelve minutes")
		}
	}
}

// Functions in containers make and accept an invitation; the local cloud sends the mail.
func TestSamLocal(t *testing.T) {
	s := theStack(t)
	c := theContainers(t, s)
	api := c.start()
	public := caller{t: t, stack: s, api: api}

	signedIn := public.must(200, "POST", "/auth/sign-in", map[string]string{"username": s.Admin.Username, "password": s.Admin.Password, "door": "console"})
	staff := caller{t: t, stack: s, api: api, token: signedIn.text("accessToken")}
	customer := newCustomer(staff, "Containers Ltd")
	email := address("container")
	id := invite(staff, customer, email, "administrator")
	key := token(t, mailed(t, s, email, 1))
	if offer := public.must(200, "POST", "/invitations/inspect", map[string]string{"token": key}); offer.text("state") != "open" {
		t.Errorf("offer: %s", offer.raw)
	}
	accept := map[string]string{"token": key, "password": password, "firstName": "Con", "lastName": "Tainer"}
	accepted := public.must(200, "POST", "/invitations/accept", accept)
	public.refused(409, "already_accepted", "POST", "/invitations/accept", accept)
	user := caller{t: t, stack: s, api: api, token: accepted.text("accessToken")}
	if me := user.must(200, "GET", "/me", nil); me.text("email") != email {
		t.Errorf("me: %s", me.raw)
	}
	if got := staff.must(200, "GET", "/invitations/"+id, nil); got.text("status") != "accepted" {
		t.Errorf("invitation: %s", got.raw)
	}
	user.must(200, "GET", "/users?limit=5", nil)
	staff.must(200, "POST", "/users/"+accepted.text("user.id")+"/deactivate", nil)
	// sam local has no authorizer: the functions themselves refuse.
	user.refused(http.StatusUnauthorized, "sign_in_required", "GET", "/me", nil)
	public.refused(http.StatusUnauthorized, "sign_in_required", "GET", "/me", nil)
}

// Each event function runs in a container with its recorded event.
func TestSamInvoke(t *testing.T) {
	s := theStack(t)
	c := theContainers(t, s)
	for _, e := range []struct{ function, event, answer string }{
		{"NotifyFunction", "notify/testdata/mails.json", `"batchItemFailures":`}, // mails that do not exist: nothing to do
		{"SweepOutboxFunction", "sweep-outbox/testdata/schedule.json", ""},
		{"ExpireInvitationsFunction", "expire-invitations/testdata/schedule.json", ""},
		{"PicturesFunction", "pictures/testdata/object-created.json", ""}, // nobody's upload: nothing to do
		{"InboundMailFunction", "inbound-mail/testdata/mail.json", ""},    // received long ago: nothing to do
		{"InboundMailFunction", "inbound-mail/testdata/bounce.json", ""},
	} {
		t.Run(e.event, func(t *testing.T) {
			event, err := filepath.Abs("../../functions/" + e.event)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
			defer cancel()
			cmd := c.command(ctx, "sam-invoke", e.function, event)
			var out, log strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &log
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out.String(), log.String())
			}
			if !strings.Contains(out.String(), e.answer) || strings.Contains(out.String(), "errorMessage") {
				t.Errorf("answered %s\n%s", strconv.Quote(out.String()), log.String())
			}
		})
	}
	t.Run("FirstAdministratorFunction", func(t *testing.T) {
		event := filepath.Join(t.TempDir(), "event.json")
		if err := os.WriteFile(event, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
		defer cancel()
		out, err := c.command(ctx, "sam-invoke", "FirstAdministratorFunction", event).CombinedOutput()
		// When its answer goes through a log, sam writes it again, with a space.
		if err != nil || !strings.Contains(strings.ReplaceAll(string(out), " ", ""), `"invited":false`) {
			t.Errorf("%v\n%s", err, out)
		}
	})
}
