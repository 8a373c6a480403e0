// Command users serves the API's users.
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"

	"clientele/shared/actor"
	"clientele/shared/awsclient"
	"clientele/shared/awsclient/cognito"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/files"
	"clientele/shared/httpapi"
	"clientele/shared/identity"
	"clientele/shared/membership"
	"clientele/shared/phone"
	"clientele/shared/store"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.Bucket, awsclient.SecretARN, awsclient.UserPoolID, awsclient.PortalClientID, awsclient.ConsoleClientID, awsclient.ProviderName)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	callers := actor.New(actor.Pool{
		ID: s.UserPoolID, Region: s.Region, Endpoint: awsclient.Endpoint(cfg, awsclient.Cognito), PortalClientID: s.PortalClientID, ConsoleClientID: s.ConsoleClientID,
	}, cfg.HTTPClient, table, time.Now)
	go callers.Warm(context.Background())
	accounts := identity.NewPasswords(cognito.New(cfg), s.UserPoolID)
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	lambda.Start(httpapi.Lambda(httpapi.Later(func(ctx context.Context) (http.Handler, error) {
		keys, err := awsclient.Keys(ctx, cfg, s.SecretARN)
		if err != nil {
			return nil, err
		}
		users := membership.Users{Store: table, NewID: newID}
		invitations := membership.Invitations{Store: table, Keys: keys, NewID: newID, ProviderName: s.ProviderName, Language: s.DefaultLanguage}
		records := membership.Records{Store: table, Accounts: accounts, Phones: phone.Parse, NewID: newID, Language: s.DefaultLanguage}
		return handler{
			users:   users,
			records: records,
			bulk:    membership.Bulk{Store: table, Users: users, Invitations: invitations, Groups: membership.Groups{Store: table, NewID: newID}, Records: records},
			avatars: membership.Avatars{Store: table, Files: files.Avatars{Bucket: files.New(cfg, s.Bucket, time.Now)}, NewID: newID},
			gate:    httpapi.Gate{Callers: callers, Markers: table, Now: time.Now},
			cursors: httpapi.NewCursors(keys.For(membership.PurposeCursor)),
		}.routes(), nil
	})))
}
