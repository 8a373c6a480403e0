// Command console serves the pages for staff.
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
	s, err := awsclient.Read(awsclient.Table, awsclient.SecretARN, awsclient.UserPoolID, awsclient.ConsoleClientID, awsclient.ProviderName, awsclient.Bucket, awsclient.PortalURL)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	accounts := identity.New(cognito.New(cfg), s.UserPoolID, "", s.ConsoleClientID, time.Now)
	go accounts.Warm(context.Background())
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	site := web.Site{Provider: s.ProviderName, DefaultLanguage: s.DefaultLanguage, Log: telemetry.NewLogger(os.Stderr)}
	failed, err := door.Failed(membership.ConsoleDoor, site, time.Now, s.ConsoleURL)
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
		groups := membership.Groups{Store: table, NewID: newID}
		records := membership.Records{Store: table, Accounts: accounts, Phones: phone.Parse, NewID: newID, Language: s.DefaultLanguage}
		return newHandler(door.Door{
			Which: membership.ConsoleDoor, Challenges: accounts, Markers: table, Phone: phone.Display, NewID: newID, Now: time.Now, Metrics: os.Stdout,
			Sessions:  session.Sessions{Door: membership.ConsoleDoor, Store: table, NewID: newID, Now: time.Now},
			SignIn:    membership.SignIn{Store: table, Accounts: accounts, Keys: keys, NewID: newID},
			Profile:   membership.Profile{Store: table, Phones: phone.Parse, NewID: newID},
			Customers: membership.Customers{Store: table, NewID: newID},
			Domains:   membership.Domains{Store: table, Names: domainname.New(s.NameServer), Keys: keys, NewID: newID},
			Users:     users, Invitations: invitations, Bulk: membership.Bulk{Store: table, Users: users, Invitations: invitations, Groups: groups, Records: records},
			Groups:       groups,
			Exports:      membership.Exports{Store: table, Users: users, Files: files.Exports{Bucket: bucket}, NewID: newID},
			Imports:      membership.Imports{Store: table, Files: files.Imports{Bucket: bucket}, NewID: newID},
			Records:      records,
			EmailChanges: membership.EmailChanges{Store: table, Accounts: accounts, Keys: keys, NewID: newID, Language: s.DefaultLanguage},
			Avatars:      membership.Avatars{Store: table, Files: files.Avatars{Bucket: bucket}, NewID: newID}, Uploads: bucket.Origin(),
			Registrations: membership.Registrations{Store: table, Keys: keys, Phones: phone.Parse, NewID: newID, Language: s.DefaultLanguage,
				PublicMail: domainname.Names{}.PublicMail},
			Approvals: membership.Approvals{Store: table, NewID: newID, Language: s.DefaultLanguage},
			Settings:  membership.SettingsUse{Store: table, NewID: newID},
			Letter:    preview(s),
			Cursors:   httpapi.NewCursors(keys.For(membership.PurposeCursor)),
		}, site, membership.SubAccounts{Store: table, NewID: newID}, s.PortalURL, s.ConsoleURL)
	}, failed))
}

// preview writes letters for people who look at them before they are sent. The address of the calling door is ignored,
// because it is not the portal's.
func preview(s awsclient.Settings) func(m membership.Mail, portal string) (subject, text string, err error) {
	return func(m membership.Mail, _ string) (string, string, error) {
		postman := mail.Postman{Provider: s.ProviderName, PortalURL: s.PortalURL, Language: s.DefaultLanguage}
		message, err := postman.Preview(m, time.Now())
		return message.Subject, message.Text, err
	}
}
