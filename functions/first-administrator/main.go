// Command first-administrator invites the first staff administrator of a deployment.
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
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.AdministratorEmail, awsclient.ProviderName)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	invitations := membership.Invitations{Store: table, NewID: newID, ProviderName: s.ProviderName, Language: s.DefaultLanguage} // links are made when the mail is sent
	lambda.Start(handler{
		administrator: membership.FirstAdministrator{Store: table, Invitations: invitations, NewID: newID},
		email:         s.AdministratorEmail,
		client:        &http.Client{Timeout: 5 * time.Second},
		now:           time.Now,
		log:           telemetry.NewLogger(os.Stderr),
	}.handle)
}
