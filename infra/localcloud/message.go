package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// message is a mail that was sent.
type message struct {
	ID      string    `json:"id"`
	From    string    `json:"from"`
	To      []string  `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	SentAt  time.Time `json:"sentAt"`
}

// messages are all mails of this local cloud. The cloud itself forgets them when it stops, so they are saved to a file
// as soon as they are seen.
type messages struct {
	source string // the cloud's own list
	file   string

	mu     sync.Mutex
	seen   map[string]bool
	all    []message // oldest first
	looked time.Time // when the last request for the cloud's list began
	next   time.Time // there is no other request before
}

func openMessages(opts options) (*messages, error) {
	m := &messages{source: opts.endpoint() + "/_ministack/ses/messages?account=" + accountID, file: opts.file("mails.json"), seen: map[string]bool{}}
	text, err := os.ReadFile(m.file)
	if os.IsNotExist(err) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &m.all); err != nil {
		return nil, fmt.Errorf("%s: %w", m.file, err)
	}
	for _, old := range m.all {
		m.seen[old.ID] = true
	}
	return m, nil
}

// clear deletes all mails.
func (m *messages) clear() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all, m.seen = nil, map[string]bool{}
	if err := os.Remove(m.file); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// list returns all mails, the newest first. The cloud does one thing at a time, and each time returns all its mails. So
// callers who wait for a request that another has made share its answer, and after each request the cloud gets twice
// that time for others.
func (m *messages) list(ctx context.Context) ([]message, error) {
	asked := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.looked.Before(asked) {
		if err := pause(ctx, time.Until(m.next)); err != nil {
			return nil, err
		}
		began := time.Now()
		if err := m.fetch(ctx); err != nil {
			return nil, err
		}
		m.looked, m.next = began, time.Now().Add(2*time.Since(began))
	}
	newest := slices.Clone(m.all)
	slices.Reverse(newest)
	return newest, nil
}

// find returns one mail.
func (m *messages) find(ctx context.Context, id string) (message, bool, error) {
	all, err := m.list(ctx)
	if err != nil {
		return message{}, false, err
	}
	i := slices.IndexFunc(all, func(one message) bool { return one.ID == id })
	if i < 0 {
		return message{}, false, nil
	}
	return all[i], true, nil
}

func (m *messages) fetch(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.source, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the local cloud's mails: %s", res.Status)
	}
	var answer struct {
		Messages map[string][]struct {
			MessageID string `json:"MessageId"`
			Source    string
			To        []string
			Subject   string
			BodyText  string
			BodyHTML  string `json:"BodyHtml"`
			Timestamp float64
		} `json:"messages"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return fmt.Errorf("the local cloud's mails: %w", err)
	}
	before := len(m.all)
	for _, account := range answer.Messages {
		for _, sent := range account {
			if m.seen[sent.MessageID] {
				continue
			}
			m.seen[sent.MessageID] = true
			m.all = append(m.all, message{
				ID: sent.MessageID, From: sent.Source, To: sent.To, Subject: sent.Subject, Text: sent.BodyText, HTML: sent.BodyHTML,
				SentAt: time.UnixMicro(int64(sent.Timestamp * 1e6)).UTC(),
			})
		}
	}
	if len(m.all) == before {
		return nil
	}
	slices.SortStableFunc(m.all, func(a, b message) int { return a.SentAt.Compare(b.SentAt) })
	return writeJSON(m.file, m.all)
}

// writeJSON replaces a file in one step.
func writeJSON(file string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
