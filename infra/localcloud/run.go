package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"clientele/shared/domainname/domainnametest"
)

// run starts everything, says where it is, and ends it all when ctx does.
func run(ctx context.Context, opts options) error {
	began := time.Now()
	unlock, err := tryLock(opts.file("run.lock"))
	if errors.Is(err, errLocked) {
		return fmt.Errorf("it already runs here (see %s); end it with `make stop`", opts.file("stack.json"))
	}
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.WriteFile(opts.file("run.pid"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	defer os.Remove(opts.file("run.pid"))
	os.Remove(opts.file("stack.json"))

	if _, err := endLeftover(ctx, opts); err != nil {
		return err
	}
	listeners, err := listen(opts)
	if err != nil {
		return err
	}
	defer closeAll(listeners)
	if opts.reset {
		if err := forget(opts); err != nil {
			return err
		}
	}
	t, b, err := prepare(ctx, opts, asProcesses)
	if err != nil {
		return err
	}
	var cloud *ministack
	err = step("starting the local cloud", func() error {
		cloud, err = startMinistack(ctx, opts, t)
		return err
	})
	if err != nil {
		return err
	}
	mails, err := openMessages(opts)
	if err != nil {
		cloud.stop()
		return err
	}
	var doors servers
	whole := true
	defer func() {
		os.Remove(opts.file("stack.json"))
		fmt.Println("\n· stopping, the data is kept")
		doors.stop()
		// The cloud forgets its mails when it stops, and nobody may have looked at the last ones yet.
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, _ = mails.list(last)
		cloud.stop()
		if !whole {
			_ = forget(opts)
		}
	}()
	c := newClients(opts)
	fresh := !hasStack(ctx, c)
	if fresh {
		// A killed cloud saves nothing, and what is left of it fits no new one.
		if err := errors.Join(forgetPeople(opts), mails.clear()); err != nil {
			return err
		}
	}
	if err := deploy(ctx, opts, t, c, b); err != nil {
		whole = !fresh // half a first stack is worth nothing and would be in the way
		return err
	}
	names, err := domainnametest.Listen(opts.nameServer())
	if err != nil {
		return err
	}
	defer names.Close()
	s, err := bringUp(ctx, opts, c, mails, names, listeners, &doors)
	if err != nil {
		return err
	}
	if err := writeJSON(opts.file("stack.json"), s); err != nil {
		return err
	}
	fmt.Printf(`
  Console  %s   (staff)
  Portal   %s   (customers' users)
  API      %s
  Mailbox  %s   (every mail that was sent)

  First administrator: %s  password: %s
  Ready after %s. Ctrl-C stops it, or make stop after make start; RESET=1 starts over.
`, s.Console, s.Portal, s.API, s.Mailbox, s.Admin.Username, s.Admin.Password, seconds(began))
	select {
	case <-ctx.Done():
		return nil
	case <-cloud.exited:
		return fmt.Errorf("the local cloud ended by itself:\n%s", tail(opts.log("cloud"), 20))
	}
}

// bringUp repairs what the local cloud leaves out, opens the doors and adds the first data.
func bringUp(ctx context.Context, opts options, c clients, mails *messages, names *domainnametest.Server, listeners []net.Listener, doors *servers) (stack, error) {
	ids, err := resources(ctx, c)
	if err != nil {
		return stack{}, err
	}
	if err := reconcileGateway(ctx, c, ids); err != nil {
		return stack{}, fmt.Errorf("routes: %w", err)
	}
	// Also after a deployment, which leaves a kept cloud's mappings as they are.
	if err := wakeStreams(ctx, c); err != nil {
		return stack{}, err
	}
	if err := allowSender(ctx, c); err != nil {
		return stack{}, err
	}
	for i, name := range []string{"ConsoleApi", "PortalApi", "ApiApi"} {
		handler, err := door(opts, ids[name])
		if err != nil {
			return stack{}, err
		}
		doors.serve(listeners[i], handler)
	}
	box, err := mailbox(mails, names)
	if err != nil {
		return stack{}, err
	}
	doors.serve(listeners[3], box)

	s, err := describe(ctx, opts, c)
	if err != nil {
		return stack{}, err
	}
	err = step("waiting until every door answers", func() error { return allAnswer(ctx, opts) })
	if err != nil || opts.bare {
		return s, err
	}
	var token string
	err = step("signing in the first administrator", func() error {
		s.Admin, token, err = firstAdministrator(ctx, opts, c, mails)
		return err
	})
	if err != nil {
		return stack{}, err
	}
	if err := demoData(ctx, opts, token); err != nil {
		return stack{}, fmt.Errorf("demo data: %w", err)
	}
	return s, nil
}

// allAnswer waits until each door's answer comes from a function or, at the API, from its authorizer.
func allAnswer(ctx context.Context, opts options) error {
	for _, url := range []string{opts.console() + "/", opts.portal() + "/", opts.api() + "/me", opts.mailbox() + "/"} {
		deadline := time.Now().Add(30 * time.Second)
		for {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			status := "no answer"
			if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
				res.Body.Close()
				if res.StatusCode < http.StatusInternalServerError {
					break
				}
				status = res.Status
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s: %s\n%s", url, status, tail(opts.log("cloud"), 20))
			}
			if err := pause(ctx, 200*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget removes the data of this local cloud, and nothing else.
func forget(opts options) error {
	for _, name := range []string{"cloud", "cloud-s3", "mails.json", "stack.json"} {
		if err := os.RemoveAll(opts.file(name)); err != nil {
			return err
		}
	}
	return forgetPeople(opts)
}

// forgetPeople removes what we remember of the people inside the local cloud.
func forgetPeople(opts options) error {
	for _, name := range []string{"admin.json", "demo.json"} {
		if err := os.RemoveAll(opts.file(name)); err != nil {
			return err
		}
	}
	return nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}
