// Command portal serves the pages for users.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/cognito"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/domainname"
	"clientele/shared/door"
	"clientele/shared/files"
	"clientele/shared/httpapi"
	"clientele/shared/identity"
	"clientele/shared/mail"
	"clientele/shared/membership"
	"clientele/shared/phone"
	"clientele/shared/session"
	"clientele/shared/store"
	"clientele/shared/telemetry"
	"clientele/shared/web"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.SecretARN, awsclient.UserPoolID, awsclient.PortalClientID, awsclient.ProviderName, awsclient.Bucket)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	accounts := identity.New(cognito.New(cfg), s.UserPoolID, s.PortalClientID, "", time.Now)
	go accounts.Warm(context.Background())
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	site := web.Site{Provider: s.ProviderName, DefaultLanguage: s.DefaultLanguage, Log: telemetry.NewLogger(os.Stderr)}
	failed, err := door.Failed(membership.PortalDoor, site, time.Now, s.PortalURL, embeddedRoute)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(httpapi.LambdaPages(func(ctx context.Context) (http.Handler, error) {
		keys, err := awsclient.Keys(ctx, cfg, s.SecretARN)
		if err != nil {
			return nil, err
		}
		bucket := files.New(cfg, s.Bucket, time.Now)
		users := membership.Users{Store: table, NewID: newID}
		invitations := membership.Invitations{
			Store: table, Accounts: accounts, Keys: keys, NewID: newID, ProviderName: s.ProviderName, Language: s.DefaultLanguage,
		}
		records := membership.Records{Store: table, Accounts: accounts, Phones: phone.Parse, NewID: newID, Language: s.DefaultLanguage}
		return newHandler(door.Door{
			Which: membership.PortalDoor, Challenges: accounts, Markers: table, Phone: phone.Display, NewID: newID, Now: time.Now, Metrics: os.Stdout,
			Sessions:  session.Sessions{Door: membership.PortalDoor, Store: table, NewID: newID, Now: time.Now},
			SignIn:    membership.SignIn{Store: table, Accounts: accounts, Keys: keys, NewID: newID},
			Profile:   membership.Profile{Store: table, Phones: phone.Parse, NewID: newID},
			Customers: membership.Customers{Store: table, NewID: newID},
			Domains:   membership.Domains{Store: table, Names: domainname.New(s.NameServer), Keys: keys, NewID: newID},
			Users:     users, Invitations: invitations, Bulk: membership.Bulk{Store: table, Users: users, Invitations: invitations, Records: records},
			Exports:      membership.Exports{Store: table, Users: users, Files: files.Exports{Bucket: bucket}, NewID: newID},
			Imports:      membership.Imports{Store: table, Files: files.Imports{Bucket: bucket}, NewID: newID},
			Records:      records,
			EmailChanges: membership.EmailChanges{Store: table, Accounts: accounts, Keys: keys, NewID: newID, Language: s.DefaultLanguage},
			Avatars:      membership.Avatars{Store: table, Files: files.Avatars{Bucket: bucket}, NewID: newID}, Uploads: bucket.Origin(),
			Registrations: membership.Registrations{Store: table, Keys: keys, Phones: phone.Parse, NewID: newID, Language: s.DefaultLanguage,
				PublicMail: domainname.Names{}.PublicMail},
			Approvals: membership.Approvals{Store: table, NewID: newID, Language: s.DefaultLanguage},
			Letter:    preview(s),
			Cursors:   httpapi.NewCursors(keys.For(membership.PurposeCursor)),
		}, site, membership.Guests{Store: table, Keys: keys, NewID: newID, Language: s.DefaultLanguage}, s.PortalURL)
	}, failed))
}

// preview writes letters for people who look at them before they are sent. portal is this door's address.
func preview(s awsclient.Settings) func(m membership.Mail, portal string) (subject, text string, err error) {
	return func(m membership.Mail, portal string) (string, string, error) {
		postman := mail.Postman{Provider: s.ProviderName, PortalURL: portal, Language: s.DefaultLanguage}
		message, err := postman.Preview(m, time.Now())
		return message.Subject, message.Text, err
	}
}
