// Command signin serves the API's ways in and out.
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
	"clientele/shared/httpapi"
	"clientele/shared/identity"
	"clientele/shared/membership"
	"clientele/shared/store"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.SecretARN, awsclient.UserPoolID, awsclient.PortalClientID, awsclient.ConsoleClientID)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB, awsclient.Cognito)
	table := store.New(dynamo.New(cfg), s.Table)
	callers := actor.New(actor.Pool{
		ID: s.UserPoolID, Region: s.Region, Endpoint: awsclient.Endpoint(cfg, awsclient.Cognito), PortalClientID: s.PortalClientID, ConsoleClientID: s.ConsoleClientID,
	}, cfg.HTTPClient, table, time.Now)
	go callers.Warm(context.Background())
	accounts := identity.New(cognito.New(cfg), s.UserPoolID, s.PortalClientID, s.ConsoleClientID, time.Now)
	go accounts.Warm(context.Background())
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	lambda.Start(httpapi.Lambda(httpapi.Later(func(ctx context.Context) (http.Handler, error) {
		keys, err := awsclient.Keys(ctx, cfg, s.SecretARN)
		if err != nil {
			return nil, err
		}
		return handler{
			signIn:   membership.SignIn{Store: table, Accounts: accounts, Keys: keys, NewID: newID, Wait: wait},
			guests:   membership.Guests{Store: table, Keys: keys, NewID: newID},
			tickets:  accounts,
			families: callers,
			gate:     httpapi.Gate{Callers: callers, Now: time.Now},
		}.routes(), nil
	})))
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
