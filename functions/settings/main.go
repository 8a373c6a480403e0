// Command settings serves the deployment's settings in the API.
package main

import (
	"context"
	"log"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"

	"clientele/shared/actor"
	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/httpapi"
	"clientele/shared/membership"
	"clientele/shared/store"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.UserPoolID, awsclient.PortalClientID, awsclient.ConsoleClientID, awsclient.PortalURL, awsclient.ProviderName)
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
	lambda.Start(httpapi.Lambda(handler{
		settings:  membership.SettingsUse{Store: table, NewID: newID},
		gate:      httpapi.Gate{Callers: callers, Markers: table, Now: time.Now},
		portalURL: s.PortalURL, provider: s.ProviderName, language: s.DefaultLanguage,
	}.routes()))
}
