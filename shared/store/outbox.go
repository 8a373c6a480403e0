package store

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/membership"
)

// mailRetention is how long the mail log keeps a mail after it is created, once it is done.
const mailRetention = 90 * 24 * time.Hour

func mailItem(m membership.Mail) item {
	i := newItem(mailKey(m.ID), entityMail)
	if m.Status == membership.MailQueued {
		i.setStr("due", dueFacet(dueMail, m.ID))
		i.setTime("dueAt", m.DueAt)
	}
	for name, v := range map[string]string{
		"id": m.ID, "customerId": m.CustomerID, "userId": m.UserID, "invitationId": m.InvitationID, "letter": string(m.Letter), "to": m.To,
		"login": m.Login, "door": string(m.Door), "language": m.Language, "status": string(m.Status), "messageId": m.MessageID, "reason": m.Reason,
	} {
		i.setStr(name, v)
	}
	i.setStr("registrationId", m.RegistrationID)
	i.setInt("linkVersion", m.LinkVersion)
	i.setMap("fields", m.Fields)
	i["attempts"] = num(int64(m.Attempts)) // stored even when 0, because conditions compare it
	i.setTime("createdAt", m.CreatedAt)
	i.setTime("sentAt", m.SentAt)
	return i
}

func mailFrom(i item) membership.Mail {
	return membership.Mail{
		ID: i.str("id"), CustomerID: i.str("customerId"), UserID: i.str("userId"), InvitationID: i.str("invitationId"), LinkVersion: i.int("linkVersion"),
		RegistrationID: i.str("registrationId"),
		Letter:         membership.Letter(i.str("letter")), To: i.str("to"), Login: i.str("login"), Door: membership.Door(i.str("door")),
		Language: i.str("language"), Fields: i.strMap("fields"), Status: membership.MailStatus(i.str("status")), Attempts: i.int("attempts"),
		CreatedAt: i.time("createdAt"), DueAt: i.time("dueAt"), SentAt: i.time("sentAt"), MessageID: i.str("messageId"), Reason: i.str("reason"),
	}
}

// QueueMail stores a mail that no change owes. If it exists already, the SDK has repeated a call whose answer was lost;
// the mail may have been sent since.
func (t Table) QueueMail(ctx context.Context, m membership.Mail) error {
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: mailItem(m), ConditionExpression: absent().text()})
	return conditional(err, nil)
}

// ClaimMail gives a queued mail that is due, or was never tried, a lease that ends at until, and counts the try.
// Errors: ErrNotFound when there is nothing to do: the mail is sent, given up, under way elsewhere, or does not exist.
func (t Table) ClaimMail(ctx context.Context, mailID string, now, until time.Time) (membership.Mail, error) {
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: mailKey(mailID).item(), UpdateExpression: aws.String("SET dueAt = :until ADD attempts :one"),
		ConditionExpression:      aws.String("#s = :queued AND (attempts = :none OR dueAt <= :now)"),
		ExpressionAttributeNames: map[string]string{"#s": "status"},
		ExpressionAttributeValues: item{":until": str(stamp(until)), ":one": num(1), ":none": num(0), ":now": str(stamp(now)),
			":queued": str(string(membership.MailQueued))},
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return membership.Mail{}, conditional(err, membership.ErrNotFound)
	}
	return mailFrom(out.Attributes), nil
}

// FinishMail stores the outcome of a claimed mail, unless somebody else has claimed it since (the number of attempts is
// the fence), and copies it to the invitation or registration whose last mail it is. A mail that is done leaves the
// index of what is due.
func (t Table) FinishMail(ctx context.Context, m membership.Mail) error {
	i := mailItem(m)
	if m.Status != membership.MailQueued {
		i.setTTL(m.CreatedAt.Add(mailRetention))
	}
	mine := condition{expression: "attempts = :n AND #s = :queued", names: map[string]string{"#s": "status"},
		values: item{":n": num(int64(m.Attempts)), ":queued": str(string(membership.MailQueued))}}
	lost := &membership.Error{Kind: membership.Stale, Code: "mail_claimed_elsewhere", Message: "Another try of this mail has begun."}
	w := t.write()
	w.put(i, mine, lost)
	if m.InvitationID != "" && (m.Status == membership.MailSent || m.Status == membership.MailAbandoned) {
		w.update(invitationKey(m.CustomerID, m.InvitationID), "SET delivery = :d", condition{expression: "mailId = :m",
			values: item{":d": str(string(m.Status)), ":m": str(m.ID)}}, membership.ErrNotFound)
	}
	if m.RegistrationID != "" && (m.Status == membership.MailSent || m.Status == membership.MailAbandoned) {
		w.update(registrationKey(m.CustomerID, m.RegistrationID), "SET delivery = :d", condition{expression: "mailId = :m",
			values: item{":d": str(string(m.Status)), ":m": str(m.ID)}}, membership.ErrNotFound)
	}
	err := t.commit(ctx, w)
	if membership.KindOf(err) == membership.NotFound { // the invitation or registration has a newer mail, or is deleted
		w = t.write()
		w.put(i, mine, lost)
		err = t.commit(ctx, w)
	}
	if membership.KindOf(err) == membership.Stale {
		return nil
	}
	return err
}

// DueMails returns the ids of up to limit queued mails whose next try is due, the oldest first.
func (t Table) DueMails(ctx context.Context, now time.Time, limit int) ([]string, error) {
	items, err := t.due(ctx, dueMail, now, limit)
	ids := make([]string, len(items))
	for n, i := range items {
		ids[n] = i.str("id")
	}
	return ids, err
}

// Mail returns one mail, for operators and tests. Errors: ErrNotFound.
func (t Table) Mail(ctx context.Context, mailID string) (membership.Mail, error) {
	i, err := t.get(ctx, mailKey(mailID))
	if err == nil && i == nil {
		err = membership.ErrNotFound
	}
	return mailFrom(i), err
}
