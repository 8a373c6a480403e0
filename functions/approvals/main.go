// Command approvals serves the API's decisions about registrations.
package main

import (
	"context"
	"log"
	"os"
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
	s, err := awsclient.Read(awsclient.Table, awsclient.UserPoolID, awsclient.PortalClientID, awsclient.ConsoleClientID)
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
		approvals: membership.Approvals{Store: table, NewID: newID, Language: s.DefaultLanguage},
		metrics:   os.Stdout,
		gate:      httpapi.Gate{Callers: callers, Markers: table, Now: time.Now},
	}.routes()))
}
