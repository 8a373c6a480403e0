// Command run-jobs works on what takes longer than a request may: new names, exports, imports. It runs every minute,
// and at once when functions/project sees a new job in the table's stream.
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
	"clientele/shared/membership"
	"clientele/shared/phone"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table, awsclient.Bucket, awsclient.ProviderName, awsclient.DefaultLanguage)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	exports := membership.Exports{Store: table, Users: membership.Users{Store: table, NewID: newID}, Files: files.Exports{Bucket: files.New(cfg, s.Bucket, time.Now)}, NewID: newID}
	imports := membership.Imports{Store: table, Files: files.Imports{Bucket: files.New(cfg, s.Bucket, time.Now)}, NewID: newID}
	invitations := membership.Invitations{Store: table, NewID: newID, ProviderName: s.ProviderName, Language: s.DefaultLanguage}
	records := membership.Records{Store: table, Phones: phone.Parse, NewID: newID, Language: s.DefaultLanguage}
	jobs := membership.Jobs{Store: table, Clock: time.Now, Workers: map[membership.JobKind]membership.JobWorker{
		membership.JobRenameCustomer: membership.CustomerRename{Store: table},
		membership.JobRenameGroup:    membership.GroupRename{Store: table},
		membership.JobExport:         exports,
		membership.JobImportCheck:    membership.ImportCheck{Imports: imports, Phones: phone.Parse},
		membership.JobImport:         membership.ImportRun{Imports: imports, Invitations: invitations, Records: records, Wait: wait},
	}}
	lambda.Start(handler{jobs: jobs, log: telemetry.NewLogger(os.Stderr)}.handle)
}

// wait pauses until it is an import's turn.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
