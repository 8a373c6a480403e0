package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"clientele/shared/membership"
)

// crowd is a table with many of everything.
type crowd struct {
	*stage
	home  membership.Customer // all the users are its
	count int
	took  time.Duration
}

// scale compares what pages and clean-ups read in a small and a large table.
func (m *machine) scale(ctx context.Context, r *report, few, many int) error {
	var crowds [2]*crowd
	for n, count := range []int{few, many} {
		c, err := m.newCrowd(ctx, count)
		if err != nil {
			return err
		}
		defer c.close(ctx)
		crowds[n] = c
		r.tell("tables", fmt.Sprintf("%d users, filled in", count), c.took.Round(time.Second).String())
	}
	step("reading pages")
	small, err := crowds[0].pages(ctx)
	if err != nil {
		return err
	}
	large, err := crowds[1].pages(ctx)
	if err != nil {
		return err
	}
	bytes, err := crowds[0].rowSize(ctx)
	if err != nil {
		return err
	}
	r.most("row of a user in a list, keys included", "e-mail of 29 letters, names of 17", bytes, 320, " B")
	for _, l := range large {
		r.most("page of 50 in the large table, actor and customer included", l.name, l.rcu, l.budget, " RCU")
		for _, s := range small {
			if s.name == l.name && s.rcu > 0 {
				r.most("flatness, read capacity in the large table ÷ in the small one", l.name, l.rcu/s.rcu, 1.05, "")
			}
		}
	}
	return nil
}

// seedWord is in everything of the seed that differs from user to user. Its clones have words of the same length.
const seedWord = "qxseedxq"

// word returns the n-th clone's word: eight letters whose order has nothing to do with n's.
func word(n int) string {
	const prime = 1_000_003 // every n below it has a different remainder
	n = n * 7919 % prime
	var b strings.Builder
	for range 8 {
		b.WriteByte(byte('a' + n%10))
		n /= 10
	}
	return b.String()
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// newCrowd creates one customer, one member and one open invitation through the use cases, and clones everything that
// they left in the table. So the bench knows nothing about how the table is organised.
func (m *machine) newCrowd(ctx context.Context, count int) (*crowd, error) {
	step("filling a table with %d users, customers and invitations", count)
	began := time.Now()
	s, err := m.newStage(ctx, "scale")
	if err != nil {
		return nil, err
	}
	c := &crowd{stage: s, count: count}
	s.lastName = capital(seedWord)
	if c.home, err = s.customer(ctx, "Brinkmann Spedition Nord"); err != nil {
		return nil, err
	}
	before, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.member(ctx, c.home.ID, seedWord+".mariella@example.com", membership.Member)
	if err != nil {
		return nil, err
	}
	country := "DE"
	profile := membership.Profile{Store: s.table, NewID: newID}
	self := membership.Call{Now: time.Now(), Actor: membership.Actor{Realm: membership.Portal, UserID: u.ID, CustomerID: u.CustomerID, Role: u.Role}}
	if u, err = profile.Change(ctx, self, u.Version, membership.ProfileInput{Country: &country}); err != nil {
		return nil, err
	}
	if err := s.table.Project(ctx, u.CustomerID, u.ID); err != nil {
		return nil, err
	}
	other, err := s.customer(ctx, seedWord+" Transporte")
	if err != nil {
		return nil, err
	}
	after, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var seed []item
	for k, i := range after {
		switch _, was := before[k]; {
		case text(i, "entity") == "count": // each clone would have counted once more
			n, _ := strconv.Atoi(i["n"].(*types.AttributeValueMemberN).Value)
			i["n"] = &types.AttributeValueMemberN{Value: strconv.Itoa(n * (count + 1))}
			if err := s.batchWrite(ctx, []types.WriteRequest{{PutRequest: &types.PutRequest{Item: i}}}); err != nil {
				return nil, err
			}
		case !was && text(i, "entity") != "audit" && text(i, "entity") != "mail": // no list shows those
			seed = append(seed, i)
		}
	}
	ids := []string{u.ID, u.InvitationID, other.ID}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(4)
	var batch []types.WriteRequest
	send := func() {
		requests := batch
		batch = nil
		group.Go(func() error { return s.batchWrite(inner, requests) })
	}
	for n := range count {
		if inner.Err() != nil {
			break
		}
		swap := []string{seedWord, word(n), capital(seedWord), capital(word(n))}
		for _, id := range ids {
			fresh := newID()
			swap = append(swap, id, fresh, packed(id), packed(fresh))
		}
		clone := strings.NewReplacer(swap...)
		for _, i := range seed {
			batch = append(batch, types.WriteRequest{PutRequest: &types.PutRequest{Item: cloned(clone, i)}})
			if len(batch) == 25 {
				send()
			}
		}
		if n > 0 && n%10_000 == 0 {
			step("%d", n)
		}
	}
	if len(batch) > 0 {
		send()
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	c.took = time.Since(began)
	return c, nil
}

func (s *stage) batchWrite(ctx context.Context, requests []types.WriteRequest) error {
	for len(requests) > 0 {
		out, err := s.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{s.name: requests}})
		if err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		requests = out.UnprocessedItems[s.name]
	}
	return nil
}

// cloned returns an item with the seed's words and ids replaced. The partition of a search row is the beginning of its
// text: three characters for users, two for customers.
func cloned(r *strings.Replacer, i item) item {
	copied := maps.Clone(i)
	for name, v := range copied {
		if s, ok := v.(*types.AttributeValueMemberS); ok {
			copied[name] = &types.AttributeValueMemberS{Value: r.Replace(s.Value)}
		}
	}
	if pk := text(copied, "pk"); strings.HasPrefix(pk, "SEARCH#") {
		scope := pk[:strings.LastIndexByte(pk, '#')+1]
		beginning := len(pk) - len(scope)
		copied["pk"] = &types.AttributeValueMemberS{Value: scope + text(copied, "sk")[:beginning]}
	}
	return copied
}

// packed returns an id as the columns of a row hold it (shared/store/row.go).
func packed(id string) string {
	raw, _ := hex.DecodeString(strings.ReplaceAll(id, "-", "")) // a UUID
	return base64.RawURLEncoding.EncodeToString(raw)
}

// reading is what one page read.
type reading struct {
	name        string
	rcu, budget float64
}

// rowSize returns the average size of the users' rows in lists.
func (c *crowd) rowSize(ctx context.Context) (float64, error) {
	all, err := c.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	sum, n := 0, 0
	for _, i := range all {
		if text(i, "entity") == "user-row" {
			sum, n = sum+size(i), n+1
		}
	}
	return float64(sum) / float64(n), nil
}

// pages reads the first page of each list in each order, and one far into it. Each process has served the caller
// before.
func (c *crowd) pages(ctx context.Context) ([]reading, error) {
	token := c.cloud.token(c.staff.ID, membership.ConsoleDoor)
	for function, target := range map[string]string{"users": "/users", "customers": "/customers", "invitations": "/invitations?customer=" + c.home.ID} {
		p, err := c.on(ctx, function, token)
		if err != nil {
			return nil, err
		}
		if _, err := p.request(ctx, "GET", target, nil); err != nil {
			return nil, err
		}
	}
	var readings []reading
	page := func(name, function, target string, most int) (next string, err error) {
		c.cloud.take()
		answer, err := c.running[function].request(ctx, "GET", target, nil)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if items := answer["items"].([]any); len(items) != most {
			return "", fmt.Errorf("%s: a page of %d rows", name, len(items))
		}
		budget := 5.0
		if strings.Count(target, "&") > 2 && !strings.Contains(target, "sort=") { // several filters
			budget = 25
		}
		readings = append(readings, reading{name, readCapacity(of(c.cloud.take(), "DynamoDB")), budget})
		next, _ = answer["next"].(string)
		return next, nil
	}
	facets := []struct{ name, query string }{{"all", ""}, {"of a customer", "&customer=" + c.home.ID}, {"active", "&status=active"},
		{"members", "&role=member"}, {"of a country", "&country=DE"}}
	for _, facet := range facets {
		for _, sort := range []string{"name", "email", "group", "role", "company", "registered"} {
			for _, order := range []string{"asc", "desc"} {
				if _, err := page("users "+facet.name+" by "+sort+", "+order, "users", "/users?limit=50&sort="+sort+facet.query+"&order="+order, 50); err != nil {
					return nil, err
				}
			}
		}
	}
	next, name := "", "users, a page far behind (the 100th where there are as many)"
	for at := 1; at <= 100 && at*50 <= c.count; at++ {
		target := "/users?limit=50"
		if next != "" {
			target += "&cursor=" + url.QueryEscape(next)
		}
		if at > 1 {
			readings = readings[:len(readings)-1]
		}
		var err error
		if next, err = page(name, "users", target, 50); err != nil {
			return nil, err
		}
	}
	for _, l := range []struct {
		name, function, target string
		rows                   int
	}{
		{"customers by name", "customers", "/customers?limit=50&sort=name", 50},
		{"customers by age", "customers", "/customers?limit=50&sort=created", 50},
		{"customers found by a word", "customers", "/customers?limit=50&q=transp", 50},
		{"users found by a first name", "users", "/users?limit=50&q=mariella", 50},
		{"users of a customer found by a domain", "users", "/users?limit=50&q=example&customer=" + c.home.ID, 50},
		{"users by status, role and country", "users", "/users?limit=50&status=active&role=member&country=DE", 50},
		{"invitations of a customer", "invitations", "/invitations?limit=50&customer=" + c.home.ID, 50},
	} {
		if _, err := page(l.name, l.function, l.target, l.rows); err != nil {
			return nil, err
		}
	}
	for _, job := range []string{"sweep-outbox", "expire-invitations"} {
		p, err := c.on(ctx, job, "")
		if err != nil {
			return nil, err
		}
		for range 2 { // the first does what there is to do
			c.cloud.take()
			if _, err := p.invoke(ctx, map[string]string{}); err != nil {
				return nil, err
			}
		}
		readings = append(readings, reading{job + ", nothing due", readCapacity(of(c.cloud.take(), "DynamoDB")), 25})
	}
	return readings, nil
}
