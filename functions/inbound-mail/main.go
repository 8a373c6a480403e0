// Command inbound-mail starts registrations for people who write to the registration address. SES invokes it for each
// mail, after putting the mail into the bucket.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/files"
	"clientele/shared/inbound"
	"clientele/shared/membership"
	"clientele/shared/phone"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.Bucket, awsclient.MailFrom, awsclient.DefaultLanguage)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	registrations := membership.Registrations{Store: table, Phones: phone.Parse, NewID: func() string { return uuid.Must(uuid.NewV7()).String() }, Language: s.DefaultLanguage}
	mails := membership.MailRegistrations{
		Store: table, Files: files.InboundMails{Bucket: files.New(cfg, s.Bucket, time.Now), Start: inbound.MaxHead},
		Registrations: registrations, Read: inbound.Read, From: s.MailFrom,
	}
	lambda.Start(handler{mails: mails, now: time.Now, metrics: os.Stdout, log: telemetry.NewLogger(os.Stderr)}.handle)
}
