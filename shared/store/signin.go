package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"clientele/shared/membership"
)

func signInsItem(s membership.SignIns) item {
	i := newItem(signInsKey(s.CustomerID, s.UserID), entitySignIns)
	i.setStr("customerId", s.CustomerID)
	i.setStr("userId", s.UserID)
	i.setTime("validFrom", s.ValidFrom)
	signedOut := map[string]string{}
	for family, ends := range s.SignedOut {
		signedOut[family] = stamp(ends)
	}
	i.setMap("signedOut", signedOut)
	i.setStr("resetMail", s.ResetMail)
	i.setInt("resetVersion", s.ResetVersion)
	i.setTime("resetExpiresAt", s.ResetExpiresAt)
	if !s.ResetClaimedUntil.IsZero() {
		i.setStr("resetClaimedUntil", s.ResetClaimedUntil.UTC().Format(time.RFC3339Nano))
	}
	i.setInt("temporaryVersion", s.TemporaryVersion)
	i.setTime("temporaryExpiresAt", s.TemporaryExpiresAt)
	i.setBool("passwordOver", s.PasswordOver)
	i.setInt("version", s.Version)
	return i
}

func signInsFrom(i item) membership.SignIns {
	s := membership.SignIns{
		CustomerID: i.str("customerId"), UserID: i.str("userId"), ValidFrom: i.time("validFrom"), ResetMail: i.str("resetMail"),
		ResetVersion: i.int("resetVersion"), ResetExpiresAt: i.time("resetExpiresAt"), ResetClaimedUntil: i.time("resetClaimedUntil"),
		TemporaryVersion: i.int("temporaryVersion"), TemporaryExpiresAt: i.time("temporaryExpiresAt"),
		PasswordOver: i.bool("passwordOver"), Version: i.int("version"),
	}
	for family, ends := range i.strMap("signedOut") {
		if s.SignedOut == nil {
			s.SignedOut = map[string]time.Time{}
		}
		s.SignedOut[family], _ = time.Parse(time.RFC3339, ends)
	}
	return s
}

// Access reads user, sign-ins, customer and, unless sessionID is "", session, consistently: with one wait, or with two
// when customerID is "". A customerID that is not the user's finds nothing.
func (t Table) Access(ctx context.Context, customerID, userID, sessionID string) (membership.Access, error) {
	if customerID == "" {
		return t.accessByUser(ctx, userID)
	}
	record, signIns, customer := userKey(customerID, userID), signInsKey(customerID, userID), customerKey(customerID)
	session := sessionKey(membership.DoorOf(customerID), customerID, userID, sessionID)
	ask := []key{record, signIns, customer}
	if sessionID != "" {
		ask = append(ask, session)
	}
	found, err := t.batchGet(ctx, ask)
	if err != nil {
		return membership.Access{}, err
	}
	a := membership.Access{User: userFrom(found[record]), SignIns: signInsFrom(found[signIns]), Customer: customerFrom(found[customer])}
	if i := found[session]; i != nil {
		s := sessionFrom(i)
		a.Session = &s
	}
	a.SignIns.CustomerID, a.SignIns.UserID = customerID, userID
	return a, nil
}

func (t Table) accessByUser(ctx context.Context, userID string) (membership.Access, error) {
	var a membership.Access
	items, err := t.partition(ctx, userPartition(userID), recordPrefix, 2)
	if err != nil || len(items) == 0 {
		return a, err
	}
	for _, i := range items {
		switch i.str("entity") {
		case entityUser:
			a.User = userFrom(i)
		case entitySignIns:
			a.SignIns = signInsFrom(i)
		}
	}
	a.SignIns.CustomerID, a.SignIns.UserID = a.User.CustomerID, a.User.ID
	i, err := t.get(ctx, customerKey(a.User.CustomerID))
	a.Customer = customerFrom(i)
	return a, err
}

// SignIns returns what is kept about the ways into one account; version 0 means nothing yet.
func (t Table) SignIns(ctx context.Context, customerID, userID string) (membership.SignIns, error) {
	i, err := t.get(ctx, signInsKey(customerID, userID))
	s := signInsFrom(i)
	s.CustomerID, s.UserID = customerID, userID
	return s, err
}

// ChangeSignIns replaces before with after. Errors: ErrStale.
func (t Table) ChangeSignIns(ctx context.Context, before, after membership.SignIns, tr *membership.Trail) error {
	return t.commit(ctx, t.changeSignIns(before, after, tr))
}

func (t Table) changeSignIns(before, after membership.SignIns, tr *membership.Trail) *write {
	w := t.write()
	w.signIns(before, after)
	if tr != nil {
		w.trail(*tr)
	}
	return w
}

func (w *write) signIns(before, after membership.SignIns) {
	c := versionIs(before.Version)
	if before.Version == 0 {
		c = absent()
	}
	w.put(signInsItem(after), c, membership.ErrStale)
}

// LoginFacts returns the holder of a folded login and its failed attempts, with one wait.
func (t Table) LoginFacts(ctx context.Context, folded string) (membership.Address, membership.Attempts, error) {
	found, err := t.batchGet(ctx, []key{loginKey(folded), attemptsKey(folded)})
	if err != nil {
		return membership.Address{}, membership.Attempts{}, err
	}
	attempts := found[attemptsKey(folded)]
	return holderFrom(found[loginKey(folded)]),
		membership.Attempts{Login: folded, Failures: attempts.int("failures"), NextAt: attempts.time("nextAt")}, nil
}

// CountAttempt replaces before with after. Errors: ErrTooManyAttempts when another attempt was counted meanwhile.
func (t Table) CountAttempt(ctx context.Context, before, after membership.Attempts, now time.Time) error {
	i := newItem(attemptsKey(after.Login), entityAttempts)
	i["failures"] = num(int64(after.Failures)) // stored even when 0, because conditions compare it
	i.setStr("nextAt", after.NextAt.UTC().Format(time.RFC3339Nano))
	i.setTTL(now.Add(membership.AttemptsMemory))
	c := condition{expression: "failures = :n", values: item{":n": num(int64(before.Failures))}}
	if before.Failures == 0 {
		c.expression = "attribute_not_exists(pk) OR " + c.expression
	}
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: i, ConditionExpression: c.text(), ExpressionAttributeValues: c.vals()})
	busy := *membership.ErrTooManyAttempts
	busy.RetryAfter = time.Second
	return conditional(err, &busy)
}

// ForgetAttempts resets the count of a folded login.
func (t Table) ForgetAttempts(ctx context.Context, folded string) error {
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: attemptsKey(folded).item()})
	return unavailable(err)
}
