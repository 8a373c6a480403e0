// Command profile serves a person's own record in the API.
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
	s, err := awsclient.Read(awsclient.Table, awsclient.Bucket, awsclient.SecretARN, awsclient.UserPoolID, awsclient.PortalClientID, awsclient.ConsoleClientID)
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
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	accounts := identity.New(cognito.New(cfg), s.UserPoolID, s.PortalClientID, s.ConsoleClientID, time.Now)
	lambda.Start(httpapi.Lambda(httpapi.Later(func(ctx context.Context) (http.Handler, error) {
		keys, err := awsclient.Keys(ctx, cfg, s.SecretARN)
		if err != nil {
			return nil, err
		}
		return handler{
			profile: membership.Profile{Store: table, Phones: phone.Parse, NewID: newID},
			emails:  membership.EmailChanges{Store: table, Accounts: accounts, Keys: keys, NewID: newID, Language: s.DefaultLanguage},
			avatars: membership.Avatars{Store: table, Files: files.Avatars{Bucket: files.New(cfg, s.Bucket, time.Now)}, NewID: newID},
			gate:    httpapi.Gate{Callers: callers, Markers: table, Now: time.Now},
		}.routes(), nil
	})))
}
