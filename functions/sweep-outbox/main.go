// Command sweep-outbox tries the unsent mails that are due, every minute.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/awsclient/ses"
	"clientele/shared/mail"
	"clientele/shared/mail/sending"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.SecretARN, awsclient.PortalURL, awsclient.ConsoleURL, awsclient.MailFrom, awsclient.ProviderName)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB, awsclient.SES)
	keys, err := awsclient.Keys(context.Background(), cfg, s.SecretARN)
	if err != nil {
		log.Fatal(err)
	}
	sender := sending.Sender{Client: ses.New(cfg), From: s.MailFrom, FromName: s.ProviderName, ConfigurationSet: s.ConfigurationSet}
	postman := mail.Postman{Sender: sender, Provider: s.ProviderName, PortalURL: s.PortalURL, ConsoleURL: s.ConsoleURL, Language: s.DefaultLanguage}
	outbox := membership.Outbox{Store: store.New(dynamo.New(cfg), s.Table), Postman: postman, Keys: keys}
	lambda.Start(handler{outbox: outbox, now: time.Now, metrics: os.Stdout, log: telemetry.NewLogger(os.Stderr)}.handle)
}
