// Command registrations serves the API's registrations, for those who register and for those who look at them.
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
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/domainname"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/phone"
	"clientele/shared/store"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.SecretARN, awsclient.UserPoolID, awsclient.PortalClientID, awsclient.ConsoleClientID)
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
	lambda.Start(httpapi.Lambda(httpapi.Later(func(ctx context.Context) (http.Handler, error) {
		keys, err := awsclient.Keys(ctx, cfg, s.SecretARN)
		if err != nil {
			return nil, err
		}
		return handler{
			registrations: membership.Registrations{Store: table, Keys: keys, Phones: phone.Parse, NewID: newID, Language: s.DefaultLanguage,
				PublicMail: domainname.Names{}.PublicMail},
			gate:    httpapi.Gate{Callers: callers, Markers: table, Now: time.Now},
			cursors: httpapi.NewCursors(keys.For(membership.PurposeCursor)),
		}.routes(), nil
	})))
}
